"""TLS that passes the gateway untouched: nginx's own certificate, from outside and from inside the mesh."""

import json
import ssl

import pytest
from cryptography import x509

from istio_ingress.requests.untrusted_ca import untrusted_ca_certificate
from tests.e2e.conftest import eventually, kubectl
from tests.e2e.inside import ClientPod
from tests.e2e.load import Load
from tests.unit.certificates import Authority

# `web` with everything of its own; `shop` with a given configuration, a given authority, two names and sidecars;
# `kept` with a certificate that somebody else keeps.
PROGRAM = """
import pulumi
from istio_ingress import CertificateAuthority, PassthroughNginx

config = pulumi.Config()
namespace, meshed = config.require("namespace"), config.require("meshed")
authority = CertificateAuthority("ours", {"common_name": "shop CA"})
web = PassthroughNginx("web", {
    "namespace": namespace,
    "hosts": [f"nginx.{namespace}.example.com"],
    "image": "lab.local/nginx:1",
    "leaf_generation": config.require_int("generation"),
})
shop = PassthroughNginx("shop", {
    "namespace": meshed,
    "authority": authority.issuer,
    "hosts": [f"shop.{namespace}.example.com", f"*.shop.{namespace}.example.com"],
    "organization": "shop organization",
    "image": "lab.local/nginx:1",
    "container_port": 9443,
    "nginx_conf": config.require("nginx_conf"),
})
PassthroughNginx("kept", {
    "namespace": namespace,
    "hosts": [f"kept.{namespace}.example.com"],
    "existing_certificate": "kept",
    "image": "lab.local/nginx:1",
})
pulumi.export("ca", {"nginx": web.ca_certificate, "shop": shop.ca_certificate})
pulumi.export("services", {
    "nginx": pulumi.Output.concat(web.service, f".{namespace}.svc.cluster.local"),
    "shop": pulumi.Output.concat(shop.service, f".{meshed}.svc.cluster.local"),
})
"""
CONF = """
worker_processes 1;
pid /tmp/nginx.pid;
events {}
http {
  access_log off;
  client_body_temp_path /tmp/body;
  proxy_temp_path /tmp/proxy;
  fastcgi_temp_path /tmp/fastcgi;
  uwsgi_temp_path /tmp/uwsgi;
  scgi_temp_path /tmp/scgi;
  server {
    listen 9443 ssl;
    ssl_certificate /etc/nginx-server-certs/tls.crt;
    ssl_certificate_key /etc/nginx-server-certs/tls.key;
    location / { return 200 "BODY for $ssl_server_name\\n"; }
  }
}
"""


@pytest.fixture(scope="module")
def meshed(namespace):
    """A namespace whose pods have sidecars."""
    name = f"{namespace}-meshed"
    kubectl("create", "namespace", name)
    kubectl("label", "namespace", name, "istio-injection=enabled")
    yield name
    kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture(scope="module")
def client(meshed):
    return ClientPod.start(meshed)


@pytest.fixture(scope="module")
def kept_by(namespace, tmp_path_factory):
    """The authority of a Secret that no stack knows."""
    authority, files = Authority("somebody else"), tmp_path_factory.mktemp("kept")
    pair = authority.issue(f"kept.{namespace}.example.com")
    (files / "tls.crt").write_text(pair.certificate)
    (files / "tls.key").write_text(pair.key)
    options = [f"--cert={files / 'tls.crt'}", f"--key={files / 'tls.key'}"]
    kubectl("create", "secret", "tls", "kept", "--namespace", namespace, *options)
    return authority.certificate


class Servers:
    """The stack's servers, asked by name."""

    def __init__(self, stack, requests, namespace, meshed, kept_by):
        self.stack, self.requests, self.namespace, self.meshed = stack, requests, namespace, meshed
        conf = CONF.replace("BODY", "the first page")
        self.outputs = stack.up(namespace=namespace, meshed=meshed, generation=1, nginx_conf=conf)
        self.authorities = self.outputs["ca"] | {"kept": kept_by}

    def host(self, name):
        return f"{name}.{self.namespace}.example.com"

    def get(self, name, ca=None, **options):
        ca = ca or self.authorities[name.split(".")[-1]]
        return self.requests.https(self.host(name), "/", ca=ca, **options)

    def page(self, name):
        """The answer, once there is one."""
        return eventually(lambda: self.get(name), lambda answer: answer.status == 200)


@pytest.fixture(scope="module")
def servers(new_stack, requests, namespace, meshed, kept_by):
    return Servers(new_stack(PROGRAM), requests, namespace, meshed, kept_by)


@pytest.fixture(scope="module")
def curl(servers, client):
    """All that curl says of a host, which it finds at a Service, from inside the mesh; it trusts nothing but `ca`."""
    client.wait()

    def curl(service, host, ca):
        command = (
            'printf %s "$3" >/tmp/ca.crt; curl -sSv --cacert /tmp/ca.crt --connect-to "$2::$1:" "https://$2/" 2>&1'
        )
        return client.exec("sh", "-c", f"{command}; true", "sh", service, host, ca)

    return curl


def subject(answer):
    return x509.load_der_x509_certificate(answer.certificate).subject.rfc4514_string()


def test_the_certificate_is_nginxs_own_and_its_page_arrives(servers):
    answer = servers.page("nginx")
    assert answer.body == "Welcome to nginx!\n"
    assert subject(answer) == f"CN={servers.host('nginx')},O=some organization"


def test_another_authority_does_not_verify_it(servers):
    assert servers.page("nginx")
    for ca in (untrusted_ca_certificate(), servers.authorities["shop"]):
        assert "certificate verify failed" in servers.get("nginx", ca).refused


def test_a_given_configuration_and_authority_serve_all_of_their_names(servers):
    for name in ("shop", "any.shop"):
        answer = servers.page(name)
        assert answer.body == f"the first page for {servers.host(name)}\n"
        assert subject(answer) == f"CN={servers.host('shop')},O=shop organization"


def test_a_certificate_that_somebody_else_keeps_is_served(servers):
    answer = servers.page("kept")
    assert answer.body == "Welcome to nginx!\n"
    assert subject(answer) == f"CN={servers.host('kept')}"
    assert "certificate verify failed" in servers.get("kept", servers.authorities["nginx"]).refused


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated:DeprecationWarning")
def test_only_the_tls_versions_of_the_gateways_are_spoken(servers, curl):
    assert servers.get("nginx", maximum_tls=ssl.TLSVersion.TLSv1_2).status == 200
    assert "protocol version" in servers.get("nginx", maximum_tls=ssl.TLSVersion.TLSv1_1).refused
    said = curl(servers.outputs["services"]["nginx"], servers.host("nginx"), servers.authorities["nginx"])
    assert "SSL connection using TLSv1.3" in said


def test_only_suites_with_authenticated_encryption_are_spoken(servers):
    def get(ciphers):
        return servers.get("nginx", maximum_tls=ssl.TLSVersion.TLSv1_2, ciphers=ciphers)

    assert get("ECDHE-ECDSA-AES128-GCM-SHA256").status == 200
    assert "handshake failure" in get("ECDHE+AES:ECDHE+CAMELLIA:ECDHE+ARIA:!AESGCM:!ARIAGCM:!AESCCM").refused


def test_a_name_that_nobody_serves_is_refused(servers):
    assert servers.page("nginx")
    assert servers.get("unknown", servers.authorities["nginx"]).refused


@pytest.mark.parametrize(("name", "organization"), [("nginx", "some organization"), ("shop", "shop organization")])
def test_inside_the_mesh_it_is_the_same_server(servers, curl, name, organization):
    service, host, page = servers.outputs["services"][name], servers.host(name), servers.page(name).body
    said = curl(service, host, servers.authorities[name])
    assert f"subject: O={organization}; CN={host}" in said
    assert "SSL certificate verify ok." in said
    assert said.endswith(page)
    assert ("server: nginx/" in said.lower()) == (name == "shop")
    refused = curl(service, host, untrusted_ca_certificate())
    assert "curl: (60) SSL certificate problem" in refused
    assert page not in refused


def test_nginx_may_have_a_sidecar_and_needs_none(servers):
    assert ["istio-proxy" in names for names in containers(servers.meshed)] == [True, True]
    assert ["istio-proxy" in names for names in containers(servers.namespace)] == [False, False]


def test_a_new_certificate_is_served_by_new_pods_and_no_request_is_lost(servers):
    before, old, others = (
        servers.page("nginx").certificate,
        pods("web", servers.namespace),
        pods("shop", servers.meshed),
    )
    with Load(lambda: servers.get("nginx")) as load:
        servers.stack.up(generation=2)
        answer = eventually(lambda: servers.get("nginx"), lambda answer: answer.certificate not in (b"", before))
    assert subject(answer) == f"CN={servers.host('nginx')},O=some organization"
    assert load.other_than(200) == []
    eventually(lambda: pods("web", servers.namespace), old.isdisjoint)
    assert pods("shop", servers.meshed) == others


def test_a_new_configuration_is_served_by_new_pods_and_no_request_is_lost(servers):
    old, others = pods("shop", servers.meshed), pods("web", servers.namespace)
    page = f"the second page for {servers.host('shop')}\n"
    with Load(lambda: servers.get("shop")) as load:
        servers.stack.up(nginx_conf=CONF.replace("BODY", "the second page"))
        eventually(lambda: servers.get("shop"), lambda answer: answer.body == page)
    assert load.other_than(200) == []
    eventually(lambda: pods("shop", servers.meshed), old.isdisjoint)
    assert pods("web", servers.namespace) == others


def listed(namespace, *options):
    """The namespace's pods, but those on their way out."""
    found = json.loads(kubectl("get", "pods", "--namespace", namespace, "--output=json", *options))["items"]
    return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]


def pods(app, namespace):
    """Names of an application's pods."""
    return {pod["metadata"]["name"] for pod in listed(namespace, f"--selector=app={app}")}


def containers(namespace):
    """Each pod's containers."""
    kinds = ("containers", "initContainers")
    return [{one["name"] for kind in kinds for one in pod["spec"].get(kind, [])} for pod in listed(namespace)]
