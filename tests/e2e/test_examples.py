"""Every example as its page of the docs shows it: up, on the lab's images, it does what the page promises."""

import json

import pytest

from istio_ingress.live import address
from istio_ingress.live.client import Identity
from tests.e2e.asking import Edge
from tests.e2e.conftest import Requests, eventually, example, kubectl
from tests.e2e.stacks import Stack
from tests.unit.certificates import Authority

# The lab has no way out: what a public registry would give comes from its own images.
LAB_IMAGES = """
import pulumi

LAB = {"go-httpbin": "go-httpbin:1", "helloworld": "helloworld:1", "nginx": "nginx:1"}


def lab_image(public):
    return "lab.local/" + next(image for name, image in LAB.items() if name in public)


def use_lab_images(args):
    if args.type_ != "kubernetes:apps/v1:Deployment":
        return None
    for container in args.props["spec"]["template"]["spec"]["containers"]:
        container["image"] = lab_image(container["image"])
    return pulumi.ResourceTransformResult(args.props, args.opts)


pulumi.runtime.register_resource_transform(use_lab_images)
"""


@pytest.fixture
def up(tmp_path):
    """Brings an example up, shows that a second update would change nothing, gives its outputs, and takes it away."""
    stacks = []

    def run(name):
        stack = Stack.create(tmp_path / name, f"{LAB_IMAGES}\n{example(name)}")
        stacks.append(stack)
        outputs = stack.up()
        assert stack.planned() == {}
        return outputs

    yield run
    for stack in reversed(stacks):
        stack.destroy()


def served(ask, status):
    """The answer, once it has this status."""
    return eventually(ask, lambda answer: answer.status == status)


def test_httpbin_ingress(up, requests):
    up("httpbin-ingress")
    served(lambda: requests.http("status.shop.example", "/status/200"), 200)
    served(lambda: requests.http("nobody.shop.example", "/headers"), 200)
    assert requests.http("status.shop.example", "/delay/0").status == 404
    assert requests.http("status.shop.example", "/headers").status == 404


@pytest.fixture
def door():
    """The certificate that the example takes as given."""
    authority = Authority("door")
    pair = authority.issue("door.shop.example")
    manifest = {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/tls",
        "metadata": {"name": "door-certificate", "namespace": "istio-system"},
        "stringData": {"tls.crt": pair.certificate, "tls.key": pair.key},
    }
    kubectl("apply", "--filename=-", stdin=json.dumps(manifest))
    yield authority.certificate
    kubectl("delete", "secret", "door-certificate", "--namespace=istio-system")


def test_kubernetes_ingress(up, requests, door):
    up("kubernetes-ingress")
    served(lambda: requests.http("door.shop.example", "/headers"), 200)
    paths = ("/headers/x", "/status/204", "/anything/x")
    assert [requests.http("door.shop.example", path).status for path in paths] == [404, 204, 200]
    assert served(lambda: requests.https("door.shop.example", "/status/418", ca=door), 418).protocol == "HTTP/2"


def test_tls_gateway(up, requests):
    ca = up("tls-gateway")["ca_certificate"]
    for host in ("www.shop.example", "shop.example"):
        assert served(lambda: requests.https(host, "/status/418", ca=ca), 418).protocol == "HTTP/2"  # noqa: B023
    hello = served(lambda: requests.https("hello.shop.example", "/hello", ca=ca), 200)
    assert "Hello version: v1" in hello.body
    redirected = served(lambda: requests.http("www.shop.example", "/status/418"), 301)
    assert redirected.location.startswith("https://www.shop.example")
    assert requests.https("www.shop.example", "/status/418", ca=Authority("other").certificate).refused


def test_mutual_tls_gateway(up, requests):
    outputs = up("mutual-tls-gateway")
    ca = outputs["ca_certificate"]
    for client in ("insurer", "auditor"):
        identity = Identity(outputs["client_certificates"][client], outputs["client_keys"][client])
        served(lambda: requests.https("partners.bank.example", "/status/418", ca=ca, identity=identity), 418)  # noqa: B023
    assert requests.https("partners.bank.example", "/status/418", ca=ca).refused
    served(lambda: requests.https("www.bank.example", "/status/418", ca=ca), 418)


def test_passthrough_nginx(up, requests):
    ca = up("passthrough-nginx")["ca_certificate"]
    for host, body in {"plain": "Welcome to nginx!\n", "legacy": "legacy\n", "old": "legacy\n"}.items():
        assert served(lambda: requests.https(f"{host}.shop.example", "/", ca=ca), 200).body == body  # noqa: B023


SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: NAME, namespace: default, labels: {e2e: examples}}
spec:
  selector: {app: NAME}
  ports: [{name: http, port: 8000, targetPort: 8080}]
---
apiVersion: v1
kind: Pod
metadata: {name: NAME, namespace: default, labels: {app: NAME, e2e: examples}}
spec:
  terminationGracePeriodSeconds: 0
  containers: [{name: httpbin, image: "lab.local/go-httpbin:1", imagePullPolicy: IfNotPresent}]
"""


@pytest.fixture
def shop_services():
    """The Services that the examples of routes lead to."""
    manifests = "\n---\n".join(SERVICE.replace("NAME", name) for name in ("cart", "cart-next", "site"))
    kubectl("apply", "--filename=-", stdin=manifests)
    kubectl("wait", "--for=condition=Ready", "--timeout=50s", "pod/cart", "pod/cart-next", "pod/site")
    yield
    kubectl("delete", "--filename=-", "--wait=false", stdin=manifests)


@pytest.fixture
def edge(ingress):
    return Edge(ingress.host, ingress.ports["http"])


def answered(ask, status):
    """The answer, once it has this status."""
    return eventually(ask, lambda answer: answer.status_code == status)


def test_routes(up, edge, shop_services):
    up("routes")
    gold = {"x-tier": "gold"}
    cart = answered(lambda: edge.ask("www.shop.example", "/api/cart/7", headers=gold), 200)
    assert cart.json()["url"] == "http://www.shop.example/anything/cart/7"
    assert edge.ask("www.shop.example", "/api/cart/7").text == "no such interface\n"
    assert edge.ask("www.shop.example", "/old").headers["location"] == "http://www.shop.example/new"
    assert edge.ask("www.shop.example", "/get").headers["x-frame-options"] == "DENY"


def test_http_gateway(up, edge, shop_services):
    up("http-gateway")
    answered(lambda: edge.ask("api.shop.example", "/anything/cart"), 200)
    assert edge.ask("shop.example", "/get").status_code == 200
    assert edge.ask("api.shop.example", "/health").text == "ok\n"
    assert edge.ask("api.shop.example", "/headers").status_code == 404


def test_a_team_on_the_gateway_of_the_platform(up, requests, shop_services):
    ca = up("platform-gateway")["ca_certificate"]
    up("host-routes")
    served(lambda: requests.https("cart.shop.example", "/status/418", ca=ca), 418)
    assert requests.https("blog.shop.example", "/", ca=ca).body == "no team has this host\n"


def test_delegate_routes(up, edge, shop_services):
    up("delegate-routes")
    answered(lambda: edge.ask("www.shop.example", "/anything/cart"), 200)
    assert edge.ask("www.shop.example", "/get").status_code == 200


def test_service_backend(up, edge, shop_services):
    up("service-backend")
    cart = answered(lambda: edge.ask("cart.shop.example", "/get"), 200)
    assert cart.headers["set-cookie"].startswith("cart-pod=")


def test_objects(up, edge, shop_services):
    up("objects")
    answered(lambda: edge.ask("www.shop.example", "/get"), 200)
    shown = kubectl("get", "gateways.networking.istio.io", "shop-http", "--namespace=default", "--output=json")
    metadata = json.loads(shown)["metadata"]
    assert metadata["labels"]["team"] == "shop"
    assert metadata["annotations"]["external-dns.alpha.kubernetes.io/target"] == "edge.shop.example"


@pytest.mark.parametrize("name", ["tls-passthrough", "tcp-gateway"])
def test_an_example_whose_services_the_lab_has_not_is_accepted(up, name):
    assert up(name)


# What `helm install istio-ingress istio/gateway --namespace istio-ingress` makes, as far as it matters here.
LABELS = {"app": "istio-ingress", "istio": "ingress"}
HELM_RELEASE = [
    {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "istio-ingress"}},
    {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "Role",
        "metadata": {"name": "istio-ingress", "namespace": "istio-ingress"},
        "rules": [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "watch", "list"]}],
    },
    {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "istio-ingress", "namespace": "istio-ingress"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "istio-ingress"},
        "subjects": [{"kind": "ServiceAccount", "name": "default"}],
    },
    {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "istio-ingress", "namespace": "istio-ingress"},
        "spec": {
            "type": "NodePort",
            "selector": LABELS,
            "ports": [{"name": "http2", "port": 80}, {"name": "https", "port": 443}],
        },
    },
    {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "istio-ingress", "namespace": "istio-ingress"},
        "spec": {
            "selector": {"matchLabels": LABELS},
            "template": {
                "metadata": {
                    "labels": LABELS | {"sidecar.istio.io/inject": "true"},
                    "annotations": {"inject.istio.io/templates": "gateway"},
                },
                "spec": {
                    "securityContext": {"sysctls": [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}]},
                    "containers": [{"name": "istio-proxy", "image": "auto", "imagePullPolicy": "IfNotPresent"}],
                },
            },
        },
    },
]


@pytest.fixture
def helm_gateway():
    """A second gateway beside `istioctl install`'s, in a namespace of its own."""
    kubectl("apply", "--filename=-", stdin="\n---\n".join(map(json.dumps, HELM_RELEASE)))
    kubectl("rollout", "status", "deployment/istio-ingress", "--namespace=istio-ingress", "--timeout=50s")
    yield Requests(address.find("istio-ingress", "istio-ingress"))
    kubectl("delete", "namespace", "istio-ingress", "--wait=false")


def test_helm_gateway(up, requests, helm_gateway):
    ca = up("helm-gateway")["ca_certificate"]
    served(lambda: helm_gateway.http("edge.shop.example", "/status/200"), 200)
    served(lambda: helm_gateway.https("edge.shop.example", "/status/418", ca=ca), 418)
    assert requests.https("edge.shop.example", "/status/418", ca=ca).refused
    elsewhere = requests.http("edge.shop.example", "/status/200")
    assert elsewhere.refused or elsewhere.status == 404
