"""DelegateRoutes: weights that somebody else moves stand, whatever becomes of the rest of the host."""

import json

from tests.e2e.asking import Edge
from tests.e2e.conftest import eventually, kubectl

PROGRAM = """
import pulumi
from istio_ingress import DelegateRoutes, HttpGateway

config = pulumi.Config()
ns = config.require("namespace")
canary = DelegateRoutes("canary", {
    "namespace": ns,
    "weights_owner": "flagger",
    "routes": [{"prefix": "/cart", "backends": [
        {"service": "cart", "port": 80, "weight": 90}, {"service": "cart-next", "port": 80, "weight": 10},
    ]}],
})
HttpGateway("web", {"namespace": ns, "hosts": [{"host": f"canary.{ns}.example.com", "routes": [
    {"prefix": "/cart", "delegate": canary.delegate},
    {"direct_response": {"status": 200, "body": config.require("text")}},
]}]})
"""


def weights(namespace):
    """The weights as they stand in the cluster."""
    found = json.loads(kubectl("get", "virtualservice/canary", "--namespace", namespace, "--output=json"))
    return [one["weight"] for one in found["spec"]["http"][0]["route"]]


def test_another_route_changes_while_the_weight_stands_where_the_controller_has_it(new_stack, namespace, ingress):
    stack = new_stack(PROGRAM)
    stack.up(namespace=namespace, text="old")
    assert weights(namespace) == [90, 10]
    moved = [
        {"op": "replace", "path": f"/spec/http/0/route/{index}/weight", "value": weight}
        for index, weight in enumerate((30, 70))
    ]
    kubectl("patch", "virtualservice/canary", "-n", namespace, "--type=json", f"--patch={json.dumps(moved)}")

    assert stack.planned(namespace=namespace, text="new") == {"update": [f"web-canary-{namespace}-example-com-routes"]}
    stack.up(namespace=namespace, text="new")
    edge = Edge(ingress.host, ingress.ports["http"])
    eventually(lambda: edge.ask(f"canary.{namespace}.example.com", "/"), lambda answer: answer.text == "new")
    assert weights(namespace) == [30, 70]
    stack.pulumi("up", "--yes", "--skip-preview", "--refresh")
    assert weights(namespace) == [30, 70]
