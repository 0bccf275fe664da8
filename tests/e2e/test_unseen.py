"""Services out of what nobody sees into are routed to at once, all of it in the provider's namespace."""

import pytest

from tests.e2e.conftest import eventually, kubectl

PROGRAM = """
import pulumi
import pulumi_kubernetes as kubernetes
from istio_ingress import HttpbinIngress

config = pulumi.Config()
ns, more = config.require("namespace"), config.get("more")
provider = kubernetes.Provider("team", namespace=ns)
options = pulumi.ResourceOptions(providers=[provider])
manifest = '''
apiVersion: v1
kind: Service
metadata: {name: grouped}
spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: 8080}]}
'''
kubernetes.helm.v3.Release("released", chart="./chart", name="released", opts=pulumi.ResourceOptions(provider=provider))
kubernetes.helm.v4.Chart("charted", chart="./chart", opts=options)
kubernetes.yaml.v2.ConfigGroup("grouped", yaml=manifest, opts=options)
services = ["released", "charted", "grouped"]
routes = [{"exact": f"/anything/{service}", "service": service, "port": 80} for service in services]
if more:
    kubernetes.core.v1.Service("more", metadata={"name": "more", "namespace": more}, spec={"ports": [{"port": 80}]},
                               opts=pulumi.ResourceOptions(provider=provider))
    routes.append({"exact": "/more", "service": f"mere.{more}.svc.cluster.local", "port": 80})
HttpbinIngress("web", {
    "hosts": [f"unseen.{ns}.example.com"],
    "routes": [*routes, {"exact": "/status/200"}],
    "workload": {"image": "lab.local/go-httpbin:1"},
}, options)
"""
CHART = {
    "Chart.yaml": "apiVersion: v2\nname: site\nversion: 0.1.0\n",
    "templates/service.yaml": """\
apiVersion: v1
kind: Service
metadata: {name: {{ .Release.Name }}}
spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: 8080}]}
""",
}


@pytest.fixture(scope="module")
def stack(new_stack):
    stack = new_stack(PROGRAM)
    for name, text in CHART.items():
        file = stack.directory / "chart" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return stack


@pytest.fixture(scope="module")
def get(stack, requests, namespace):
    """The first preview succeeds, and says once what it did not judge; then the stack is up."""
    preview = stack.preview(namespace=namespace)
    assert preview.partition("Diagnostics:")[2].count("Not judged, as nobody sees what is made by") == 1
    stack.up(namespace=namespace)
    host = f"unseen.{namespace}.example.com"
    eventually(lambda: requests.http(host, "/status/200"), lambda answer: answer.status == 200)
    return lambda path: requests.http(host, path).status


def test_a_service_of_a_release_a_chart_and_manifests_answers(get):
    for service in ("released", "charted", "grouped"):
        assert eventually(lambda: get(f"/anything/{service}"), lambda status: status == 200)  # noqa: B023
    assert get("/anything/other") == 404


@pytest.mark.usefixtures("get")
def test_everything_is_in_the_providers_namespace(namespace):
    for kind in ("gateway", "virtualservice", "deployment", "service"):
        assert "web" in kubectl("get", kind, "-n", namespace, "-o", "name")
        assert f"unseen.{namespace}" not in kubectl("get", kind, "-n", "default", "-o", "yaml")


@pytest.mark.usefixtures("get")
def test_a_service_that_none_of_them_can_bring_is_missing(stack, namespace):
    done = stack.run("preview", "--config", f"e2e:namespace={namespace}", "--config", "e2e:more=elsewhere")
    assert done.returncode != 0
    assert "There is no Service 'mere' in 'elsewhere'; there are: more" in done.stdout + done.stderr
