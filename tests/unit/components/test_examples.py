"""Every example runs, type checks as a user's program would, and stands word for word in the docs."""

import runpy
from pathlib import Path

import pulumi
import pytest

import components

ROOT = Path(__file__).parents[3]
EXAMPLES = {path.parent.name: path for path in (ROOT / "examples").glob("*/__main__.py")}
PAGES = {
    "httpbin-ingress.md": (components.HttpbinIngressArgs, components.HttpbinIngress),
    "tls-gateway.md": (components.TlsGatewayArgs, components.TlsGateway),
    "mutual-tls-gateway.md": (components.MutualTlsGatewayArgs, components.MutualTlsGateway),
    "passthrough-nginx.md": (components.PassthroughNginxArgs, components.PassthroughNginx),
    "certificate-authority.md": (components.CertificateAuthorityArgs, components.CertificateAuthority),
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


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_stands_in_the_docs(name):
    quoted = f"```python\n{EXAMPLES[name].read_text()}```\n"
    assert any(quoted in page.read_text() for page in (ROOT / "docs").glob("*.md"))


@pytest.mark.parametrize("page", PAGES)
def test_a_page_speaks_of_every_argument_and_output(page):
    args, component = PAGES[page]
    text = (ROOT / "docs" / page).read_text()
    inherited = components.TlsGatewayArgs.__annotations__ if page == "mutual-tls-gateway.md" else {}
    fields = (args.__annotations__.keys() - inherited.keys()) | component.__annotations__.keys()
    assert {field for field in fields if f"`{field}`" not in text} == set()


@pytest.mark.parametrize("page", PAGES)
def test_a_page_speaks_of_no_argument_that_there_is_not(page):
    args, component = PAGES[page]
    nested = (components.Route, components.TlsHost, components.Client, components.Workload, components.Issuer)
    known = set().union(*(each.__annotations__ for each in (args, component, components.IngressGateway, *nested)))
    named = [line.split("`")[1] for line in (ROOT / "docs" / page).read_text().splitlines() if line.startswith("| `")]
    assert [name for name in named if name.islower() and name not in known] == []
