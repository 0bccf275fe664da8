"""Every example runs, type checks as a user's program would, and stands word for word in the docs."""

import runpy
import typing
from pathlib import Path

import pulumi
import pytest

import istio_ingress

ROOT = Path(__file__).parents[3]
EXAMPLES = {path.parent.name: path for path in (ROOT / "examples").glob("*/__main__.py")}
# Stacks that hand things on to each other, and programs of the Automation API, which run end to end.
TOGETHER = {path.parent.name: path for path in (ROOT / "examples").glob("*/*/__main__.py")} | {
    "automation": ROOT / "examples" / "automation" / "environments.py"
}
PAGES = {
    "httpbin-ingress.md": (istio_ingress.HttpbinIngressArgs, istio_ingress.HttpbinIngress),
    "tls-gateway.md": (istio_ingress.TlsGatewayArgs, istio_ingress.TlsGateway),
    "mutual-tls-gateway.md": (istio_ingress.MutualTlsGatewayArgs, istio_ingress.MutualTlsGateway),
    "passthrough-nginx.md": (istio_ingress.PassthroughNginxArgs, istio_ingress.PassthroughNginx),
    "http-gateway.md": (istio_ingress.HttpGatewayArgs, istio_ingress.HttpGateway),
    "host-routes.md": (istio_ingress.HostRoutesArgs, istio_ingress.HostRoutes),
    "delegate-routes.md": (istio_ingress.DelegateRoutesArgs, istio_ingress.DelegateRoutes),
    "tls-passthrough.md": (istio_ingress.TlsPassthroughArgs, istio_ingress.TlsPassthrough),
    "tcp-gateway.md": (istio_ingress.TcpGatewayArgs, istio_ingress.TcpGateway),
    "service-backend.md": (istio_ingress.ServiceBackendArgs, istio_ingress.ServiceBackend),
    "certificate-authority.md": (istio_ingress.CertificateAuthorityArgs, istio_ingress.CertificateAuthority),
}
# What a page tells of the types that its arguments are made of.
TYPES = {
    "platform.md": [istio_ingress.SharedGateway],
    "routes.md": [istio_ingress.Route],
    "http-gateway.md": [istio_ingress.RoutedHost],
    "tls-passthrough.md": [istio_ingress.PassthroughHost],
    "tcp-gateway.md": [istio_ingress.TcpPort],
    "service-backend.md": [istio_ingress.ServiceBackendArgs],
    "expectations.md": [istio_ingress.Expectation, istio_ingress.ConnectionExpectation],
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_runs(name, declare, monkeypatch):
    exported = {}
    monkeypatch.setattr(pulumi, "export", exported.__setitem__)

    def program():
        runpy.run_path(str(EXAMPLES[name]), run_name="__main__")
        return exported

    declared = declare(program)
    assert declared.resources
    assert declared.outputs


@pytest.mark.parametrize("name", [*EXAMPLES, *TOGETHER])
def test_an_example_stands_in_the_docs(name):
    quoted = f"```python\n{(EXAMPLES | TOGETHER)[name].read_text()}```\n"
    assert any(quoted in page.read_text() for page in (ROOT / "docs").glob("*.md"))


@pytest.mark.parametrize("page", PAGES)
def test_a_page_speaks_of_every_argument_and_output(page):
    args, component = PAGES[page]
    text = (ROOT / "docs" / page).read_text()
    inherited = istio_ingress.TlsGatewayArgs.__annotations__ if page == "mutual-tls-gateway.md" else {}
    fields = (args.__annotations__.keys() - inherited.keys()) | component.__annotations__.keys()
    assert {field for field in fields if f"`{field}`" not in text} == set()


@pytest.mark.parametrize("page", PAGES)
def test_a_page_speaks_of_no_argument_that_there_is_not(page):
    args, component = PAGES[page]
    nested = (
        istio_ingress.Route,
        istio_ingress.TlsHost,
        istio_ingress.Client,
        istio_ingress.Workload,
        istio_ingress.Issuer,
        istio_ingress.RoutedHost,
        istio_ingress.PassthroughHost,
        istio_ingress.TcpPort,
        istio_ingress.TcpTls,
        istio_ingress.BackendTls,
    )
    known = set().union(*(each.__annotations__ for each in (args, component, istio_ingress.IngressGateway, *nested)))
    named = [line.split("`")[1] for line in (ROOT / "docs" / page).read_text().splitlines() if line.startswith("| `")]
    assert [name for name in named if name.islower() and name not in known] == []


@pytest.mark.parametrize("page", TYPES)
def test_a_page_speaks_of_every_field_below_its_arguments(page):
    text = (ROOT / "docs" / page).read_text()
    found, left = set(), list(TYPES[page])
    while left:
        kind = left.pop()
        for field, hint in kind.__annotations__.items():
            found.add(field)
            left += [one for one in _types(hint) if typing.is_typeddict(one) and one not in _ELSEWHERE]
    assert {field for field in found if f"`{field}`" not in text} == set()


_ELSEWHERE = {istio_ingress.Route, istio_ingress.Backend, istio_ingress.IngressGateway, istio_ingress.Issuer} | {
    istio_ingress.CertifiedKey,
    istio_ingress.WeightedBackend,
    istio_ingress.TextMatch,
    istio_ingress.Expectation,
}


def _types(hint):
    inner = typing.get_args(hint)
    return [hint] if not inner else [one for each in inner for one in _types(each)]
