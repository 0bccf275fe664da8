"""Our reader of PEM held against Envoy's, spelling by spelling; and how the gateway serves what people spell."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from istio_ingress import x509
from istio_ingress.live.client import Identity
from istio_ingress.x509 import BUNDLE, CHAIN, KEY, REVOCATION_LISTS, UnreadableError
from tests.e2e.conftest import eventually
from tests.e2e.envoys import Envoy
from tests.unit.certificates import Authority
from tests.unit.x509.spellings import LEAF, MIDDLE, OF_CHAINS, ROOT, SPELLINGS, TEXTS, generated

KINDS = {"chain": CHAIN, "key": KEY, "bundle": BUNDLE, "crl": REVOCATION_LISTS}
GENERATED = 25


@pytest.fixture(scope="module")
def envoy(tmp_path_factory):
    return Envoy.of_the_lab(tmp_path_factory.mktemp("envoy"))


def of(kind):
    """The table's texts, and generated ones."""
    ways = [*SPELLINGS.values(), *(OF_CHAINS.values() if kind in (CHAIN, BUNDLE) else ())]
    return [*(way.spell(TEXTS[kind][0]) for way in ways), *(generated(kind, seed) for seed in range(GENERATED))]


def answers(envoy, kind, texts):
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda numbered: envoy.loads(kind, numbered[1], numbered[0]), enumerate(texts)))


def taken_for_good(kind, text):
    """What our reader makes of a Secret: whether Envoy loads it, and finds in it the certificate of the key."""
    try:
        x509.parse(text.encode(), kind)
        return (
            kind is not CHAIN or x509.certificates(text.encode())[0] == x509.certificates(LEAF.certificate.encode())[0]
        )
    except UnreadableError as error:
        # A text without any list is loaded, and then every client is refused.
        return kind is REVOCATION_LISTS and "BEGIN X509 CRL" in str(error)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_secret_is_called_readable_where_envoy_loads_it_and_nowhere_else(envoy, kind):
    texts = of(kind)
    loaded = answers(envoy, kind, texts)
    assert {True, False} == set(loaded)
    assert [text for text, loads in zip(texts, loaded, strict=True) if taken_for_good(kind, text) != loads] == []


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_whatever_is_taken_of_a_person_envoy_loads(envoy, kind):
    taken = []
    for text in of(kind):
        try:
            again = x509.written(text, kind)
            x509.parse(again.encode(), kind)
        except UnreadableError:
            continue  # refused
        taken += [again] if again != TEXTS[kind][0] else []
    assert taken
    if kind is CHAIN:  # one whose first certificate was lost on the way belongs to no key
        taken = [text for text in taken if taken_for_good(kind, text)]
    assert [text for text, loads in zip(taken, answers(envoy, kind, taken), strict=True) if not loads] == []


PROGRAM = """
from pathlib import Path
import pulumi
from istio_ingress import HttpbinIngress, MutualTlsGateway, TlsGateway

config = pulumi.Config()
namespace, files = config.require("namespace"), Path(config.require("files"))
httpbin = HttpbinIngress("httpbin", {
    "namespace": namespace,
    "hosts": [f"httpbin.{namespace}.example.com"],
    "workload": {"image": "lab.local/go-httpbin:1"},
})
backend = {"service": httpbin.service, "port": httpbin.service_port}


def text(name):
    read = (files / name).read_bytes().decode()
    return pulumi.Output.secret(read) if config.get_bool("output") else read


def host(name):
    given = {"certificate": text(f"{name}.chain"), "private_key": text(f"{name}.key")}
    return {"host": f"{name}.{namespace}.example.com", "backend": backend, "given_certificate": given}


TlsGateway("web", {"namespace": namespace, "hosts": [host("web")]})
MutualTlsGateway("partners", {
    "namespace": namespace, "client_ca": text("client_ca"), "crl": text("crl"), "hosts": [host("partners")],
})
"""
CLIENTS, OTHERS = Authority("clients", days=30), Authority("other clients", days=30)


class Gateways:
    """The stack, the files that it reads, and requests to its hosts."""

    def __init__(self, stack, requests, namespace, files):
        self.stack, self.requests, self.namespace, self.files = stack, requests, namespace, files
        self.client, self.revoked = OTHERS.issue("client"), OTHERS.issue("revoked")

    def up(self, spellings, *, output):
        texts = {
            "client_ca": CLIENTS.certificate + OTHERS.certificate,
            "crl": CLIENTS.revocations() + OTHERS.revocations(self.revoked),
        }
        for name in ("web", "partners"):
            leaf = MIDDLE.issue(self.host(name))
            texts |= {f"{name}.chain": leaf.certificate + MIDDLE.certificate, f"{name}.key": leaf.key}
        for name, text in texts.items():
            spell = spellings.get(name.rpartition(".")[2], str)
            (self.files / name).write_bytes(spell(text).encode())
        self.stack.up(namespace=self.namespace, files=str(self.files), output=output)

    def host(self, name):
        return f"{name}.{self.namespace}.example.com"

    def ask(self, name, client=None):
        identity = client and Identity(client.certificate, client.key)
        return self.requests.https(self.host(name), "/status/418", ca=ROOT.certificate, identity=identity)

    def answers(self, name, client=None):
        return eventually(lambda: self.ask(name, client), lambda answer: answer.status == 418)


@pytest.fixture(scope="module")
def gateways(new_stack, requests, namespace, tmp_path_factory):
    return Gateways(new_stack(PROGRAM), requests, namespace, tmp_path_factory.mktemp("pem"))


SPELLED = {
    "chain": OF_CHAINS["END and BEGIN on one line"].spell,
    "key": SPELLINGS["spaces for newlines"].spell,
    "client_ca": SPELLINGS["a byte order mark"].spell,
    "crl": SPELLINGS["indented"].spell,
}


@pytest.mark.parametrize("output", [False, True], ids=["as text", "as a secret Output"])
def test_a_persons_spelling_is_served(gateways, output):
    gateways.up(SPELLED, output=output)
    assert gateways.answers("web")
    assert gateways.answers("partners", gateways.client)
    assert eventually(lambda: gateways.ask("partners", gateways.revoked), lambda answer: bool(answer.refused))


def test_what_cannot_be_meant_is_refused_and_what_is_served_stays(gateways):
    gateways.up({}, output=True)
    (gateways.files / "web.chain").write_text(f"----BEGIN{LEAF.certificate[10:]}")
    why = (
        'TlsGateway "web": hosts[0].given_certificate.certificate is a text with a BEGIN or END that is not between '
        "five dashes and in capital letters, but must be certificates in PEM format, each signed by the next."
    )
    assert gateways.stack.refused(output=False) == why
    assert why in gateways.stack.fails("up", "--yes", "--skip-preview", "--config", "output=true")
    assert gateways.answers("web")
