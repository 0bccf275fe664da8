"""A hundred hosts on one Gateway: previewed without a finding, created, and the last one answers."""

import pytest

from tests.e2e.conftest import eventually

PROGRAM = """
import pulumi

from istio_ingress import HttpbinIngress, TlsGateway, tune_runtime

tune_runtime()
namespace = {namespace!r}
httpbin = HttpbinIngress(
    "httpbin",
    {{
        "namespace": namespace,
        "hosts": ["plain.{namespace}.example.com"],
        "workload": {{"image": "lab.local/go-httpbin:1"}},
    }},
)
backend = {{"service": httpbin.service, "port": httpbin.service_port}}
hosts = [{{"host": f"h{{n}}.{namespace}.example.com", "backend": backend}} for n in range(100)]
web = TlsGateway("many", {{"namespace": namespace, "hosts": hosts}})
pulumi.export("ca", web.ca_certificate)
"""


@pytest.mark.sdk
def test_a_hundred_hosts_are_previewed_and_the_last_one_answers(new_stack, namespace, requests):
    stack = new_stack(PROGRAM.format(namespace=namespace))
    stack.environment["PULUMI_SKIP_CHECKPOINTS"] = "true"  # the state after every step would take most of the time
    assert len(stack.planned()["create"]) > 100 * 5
    ca = stack.up()["ca"]
    last = eventually(
        lambda: requests.https(f"h99.{namespace}.example.com", "/status/200", ca=ca), lambda answer: bool(answer.status)
    )
    assert last.status == 200
