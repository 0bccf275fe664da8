"""Wrong arguments on the real engine: one sentence, no traceback, nothing planned, nothing created."""

import pytest

from tests.e2e.conftest import kubectl

HTTP = [
    ('{"hosts": ["Shop_1"]}', "hosts[0] is 'Shop_1', but must be a DNS name, '*.' and a DNS name, or '*'"),
    (
        '{"host": "a.example.com"}',
        "host is 'a.example.com', but must be left out: the fields are annotations, api_version, ",
    ),
    ('{"routes": [{"exact": "/a", "prefix": "/b"}]}', "routes[0].prefix is '/b', but must be left out where exact"),
    ('{"routes": [{"prefix": "/a", "port": 80}]}', "routes[0].service is missing, but must be given"),
    ('{"hosts": ["*"], "mesh_hosts": ["a.b.svc"]}', "hosts is '*', but must be a name where mesh_hosts are given"),
]
INGRESS = [
    ('{"routes": [{"path": "/a"}]}', "routes[0].path is '/a', but must be exact or path_prefix or prefix instead."),
    ('{"entry": Entry.INGRESS_CLASS, "mesh_hosts": ["a.b.svc"]}', "mesh_hosts is ['a.b.svc'], but must be left out"),
    ('{"entry": Entry.INGRESS_ANNOTATION, "ingress_class": "x"}', "ingress_class is 'x', but must be left out unless"),
    ('{"entry": "nginx"}', "entry is 'nginx', but must be one of 'gateway', 'ingress-class', 'ingress-annotation'."),
    (
        '{"entry": Entry.INGRESS_CLASS, "backend": {"service": "a.b.svc.cluster.local", "port": 80}}',
        "backend.service is 'a.b.svc.cluster.local', but must be a Service's bare name",
    ),
]
TLS = [
    (
        '{"hosts": [{"host": "a.example.com"}, {"host": "*.example.com"}]}',
        "hosts is 'a.example.com', but must be apart from '*.example.com', which covers it",
    ),
    ('{"min_tls": "TLSV1_1"}', "min_tls is 'TLSV1_1', but must be TLSV1_2 or newer where no cipher_suites are named"),
    ('{"min_tls": "1.3"}', "min_tls is '1.3', but must be one of 'TLSV1_0', 'TLSV1_1', 'TLSV1_2', 'TLSV1_3'."),
    (
        '{"hosts": [{"host": "a.example.com", "renew_before_days": 30, "validity_days": 30}]}',
        "hosts[0].renew_before_days is 30, but must be less than validity_days, 30.",
    ),
    (
        '{"hosts": [{"host": "a.example.com", "credential_name": "shop-cacert"}]}',
        "hosts[0].credential_name is 'shop-cacert', but must be a Secret's bare name",
    ),
    (
        '{"authority": {"certificate": "-----BEGIN CERTIFICATE-----", "private_key": "hunter2"}}',
        "authority.private_key is (not shown), but must be text in PEM format.",
    ),
]
CASES = [("HttpbinIngress", *case) for case in HTTP + INGRESS] + [("TlsGateway", *case) for case in TLS]


@pytest.fixture(scope="module")
def stack(new_stack):
    return new_stack("")


@pytest.mark.parametrize(("component", "arguments", "sentence"), CASES)
def test_a_preview_says_what_is_wrong_and_plans_nothing(stack, component, arguments, sentence):
    stack.rewrite(f'from istio_ingress import Entry, {component}\n{component}("wrong", {arguments})\n')
    assert stack.refused().startswith(f'{component} "wrong": {sentence}')


def test_an_update_creates_nothing_not_even_of_what_comes_after(stack, namespace):
    good = f'TlsGateway("good", {{"namespace": "{namespace}", "hosts": [{{"host": "good.{namespace}.example.com"}}]}})'
    stack.rewrite(f'from istio_ingress import TlsGateway\nTlsGateway("wrong", {{"namespace": ""}})\n{good}\n')
    said = stack.fails("up", "--yes", "--skip-preview")
    assert "TlsGateway \"wrong\": namespace is '', but must be a DNS label" in said
    assert "Traceback" not in said
    assert kubectl("get", "gateways", "-n", namespace, "-o", "name") == ""
