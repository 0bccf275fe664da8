"""One certificate for many names: a wildcard and a host below it, on one server, on one connection."""

import ssl

import httpx
import pytest

from tests.e2e.conftest import eventually
from tests.e2e.load import Load

PROGRAM = """
import pulumi
import pulumi_tls as tls
from pulumi_kubernetes.core.v1 import Secret
from istio_ingress import TlsGateway, WorkloadKind

config = pulumi.Config()
ns = config.require("namespace")
names = [f"*.{ns}.example.com", f"*.given.{ns}.example.com"]
key = tls.PrivateKey("wild", algorithm="ECDSA", ecdsa_curve="P256")
bought = tls.SelfSignedCert(
    "wild", private_key_pem=key.private_key_pem, subject={"common_name": names[0]}, dns_names=names,
    allowed_uses=["digital_signature", "key_encipherment", "server_auth"], validity_period_hours=24 * 365,
)
for name in ("wild", "copy"):
    Secret(name, metadata={"name": f"{name}-{ns}", "namespace": "istio-system"},
           string_data={"tls.crt": bought.cert_pem, "tls.key": key.private_key_pem})
bin = {"name": "bin", "image": "lab.local/go-httpbin:1"}
to_bin = [{"prefix": "/", "service": "bin", "port": 8000}]
to_hello = [{"prefix": "/", "service": "hello", "port": 5000}]
credentials = {"bin": "wild", "hello": "wild" if config.require("shared") == "yes" else "copy"}
TlsGateway("kept", {"namespace": ns, "hosts": [
    {"host": f"{host}.{ns}.example.com", "existing_credential": f"{credentials[host]}-{ns}", "routes": routes}
    for host, routes in (("bin", to_bin), ("hello", to_hello))
]})
given = {"certificate": bought.cert_pem, "private_key": key.private_key_pem}
TlsGateway("given", {
    "namespace": ns,
    "hosts": [
        {"host": names[1], "given_certificate": given, "workload": bin, "routes": [{"prefix": "/"}]},
        {
            "host": f"hello.given.{ns}.example.com",
            "given_certificate": given,
            "routes": [{"exact": "/hello"}],
            "workload": {"name": "hello", "kind": WorkloadKind.HELLOWORLD, "image": "lab.local/helloworld:1"},
        },
    ],
})
pulumi.export("ca", bought.cert_pem)
"""


@pytest.fixture(scope="module")
def stack(new_stack):
    return new_stack(PROGRAM)


@pytest.fixture(scope="module")
def ca(stack, namespace, requests):
    """The stack is up with a server for each host, and both answer."""
    ca = stack.up(namespace=namespace, shared="no")["ca"]
    for host, path, status in (("bin", "/status/418", 418), ("hello", "/hello", 200)):
        eventually(
            lambda: requests.https(f"{host}.{namespace}.example.com", path, ca=ca),  # noqa: B023
            lambda answer: answer.status == status,  # noqa: B023
        )
    return ca


@pytest.fixture(scope="module")
def shared(stack, ca, namespace, requests):
    """What clients with connections of their own saw while the hosts moved to one server."""
    asks = [
        lambda: requests.https(f"bin.{namespace}.example.com", "/status/200", ca=ca, http2=False),
        lambda: requests.https(f"hello.{namespace}.example.com", "/hello", ca=ca, http2=False),
    ]
    with Load(asks[0], per_second=20) as to_bin, Load(asks[1], per_second=20) as to_hello:
        stack.up(namespace=namespace, shared="yes")
    return to_bin, to_hello


def test_while_hosts_move_to_one_server_only_their_routes_may_be_late(shared):
    for load in shared:
        assert len(load.answers) > 20
        late = load.other_than(200)
        assert [answer for answer in late if answer.status != 404] == []
        assert len(late) <= 3, "istiod sends a listener before its routes, some milliseconds"


@pytest.mark.parametrize("below", ["", "given."], ids=["kept", "given"])
@pytest.mark.usefixtures("shared")
def test_one_connection_leads_every_host_to_its_own_backend(below, ca, ingress, namespace):
    origin = f"https://{ingress.host}:{ingress.ports['https']}"
    sockets = set()

    def get(host, path):
        name = f"{host}.{below}{namespace}.example.com"
        answer = client.get(
            origin + path, headers={"Host": name}, extensions={"sni_hostname": f"bin.{below}{namespace}.example.com"}
        )
        sockets.add(answer.extensions["network_stream"].get_extra_info("client_addr"))
        return answer.status_code, answer.text

    with httpx.Client(http2=True, verify=ssl.create_default_context(cadata=ca), trust_env=False, timeout=10) as client:
        eventually(lambda: get("bin", "/status/418")[0], lambda status: status == 418)
        sockets.clear()
        assert get("bin", "/status/418")[0] == 418
        status, text = get("hello", "/hello")
        assert (status, "Hello version: v1" in text) == (200, True)
        assert get("hello", "/status/418")[0] == 404
        assert get("bin", "/hello")[0] == 404
    assert len(sockets) == 1
