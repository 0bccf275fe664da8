"""Hosts that share a credential stand on one server, so that no reused connection leads to another's routes."""

import pulumi
import pytest

from istio_ingress import MutualTlsGateway, TlsGateway
from tests.unit.certificates import Authority

TO_A, TO_B = ([{"prefix": "/", "service": service, "port": 80}] for service in ("a", "b"))


def kept(host, credential="wild", routes=TO_A, **more):
    return {"host": host, "existing_credential": credential, "routes": routes, **more}


def servers(declared):
    return [
        (one["port"]["name"], one["hosts"], one["tls"].get("credentialName"))
        for one in declared.manifest("Gateway")["spec"]["servers"]
    ]


def routes(declared):
    specs = [one.manifest["spec"] for one in declared.of("VirtualService")]
    return {spec["hosts"][0]: spec["http"][0]["route"][0]["destination"]["host"] for spec in specs}


def web(*hosts, component=TlsGateway, **args):
    return lambda: {"credentials": component("web", {"hosts": hosts, **args}).credentials}


@pytest.mark.parametrize("component", [TlsGateway, MutualTlsGateway])
def test_two_hosts_of_one_kept_credential_stand_on_one_server(declare, component):
    declared = declare(web(kept("a.test"), kept("b.test", routes=TO_B), component=component))
    ((port, hosts, credential),) = servers(declared)
    assert port.startswith("https-a-test-")
    assert (hosts, credential) == (["a.test", "b.test"], "wild")
    assert routes(declared) == {"a.test": "a", "b.test": "b"}
    assert declared.outputs["credentials"] == {"a-test": "wild", "b-test": "wild"}


def test_a_wildcard_and_a_name_below_it_have_routes_of_their_own(declare):
    declared = declare(web(kept("*.shop.test"), kept("a.shop.test", routes=TO_B)))
    ((_, hosts, _),) = servers(declared)
    assert hosts == ["*.shop.test"]  # with 'a.shop.test' beside it Istio would give that the wildcard's routes too
    assert routes(declared) == {"*.shop.test": "a", "a.shop.test": "b"}


def test_a_name_that_no_wildcard_covers_stays(declare):
    declared = declare(
        web(kept("*.shop.test"), kept("shop.test", routes=TO_B), kept("a.b.shop.test"), kept("*.b.test"))
    )
    assert [hosts for _, hosts, _ in servers(declared)] == [["*.shop.test", "shop.test", "*.b.test"]]


def test_any_host_and_a_name_share_a_server_for_any_host(declare):
    declared = declare(web(kept("*"), kept("a.test", routes=TO_B), https_redirect=True))
    assert [hosts for _, hosts, _ in servers(declared)] == [["*"], ["*"]]
    assert routes(declared) == {"*": "a", "a.test": "b"}


def test_a_credential_that_is_known_later_is_shared_where_it_is_one_output(declare):
    def program():
        later = pulumi.Output.from_input("wild")
        TlsGateway("web", {"hosts": [kept("a.test", later), kept("*.test", later)]})

    assert [hosts for _, hosts, _ in servers(declare(program))] == [["*.test"]]


def test_other_hosts_keep_their_servers_and_their_places(declare):
    declared = declare(web(kept("a.test", "one"), kept("b.test"), kept("c.test", "two"), kept("d.test")))
    assert [(hosts, credential) for _, hosts, credential in servers(declared)] == [
        (["a.test"], "one"),
        (["b.test", "d.test"], "wild"),
        (["c.test"], "two"),
    ]
    assert servers(declared)[0][0] == "https-a-test"


def test_each_set_of_hosts_has_a_port_name_of_its_own(declare):
    """By which Envoy asks for a server's routes: those of a changed one are there before its first connection."""
    sets = [("a.test", "b.test"), ("a.test", "b.test", "c.test"), ("a.test", "c.test")]
    names = {servers(declare(web(*map(kept, hosts))))[0][0] for hosts in sets}
    assert len(names) == 3


@pytest.mark.parametrize("later", [False, True], ids=["as text", "as one Output"])
def test_one_given_certificate_for_several_hosts_is_one_secret(declare, later):
    pair = Authority("shop CA").issue("*.shop.test")

    def program():
        text = pulumi.Output.from_input(pair.certificate) if later else pair.certificate
        given = {"certificate": text, "private_key": pulumi.Output.secret(pair.key)}
        hosts = [{"host": host, "given_certificate": dict(given)} for host in ("*.shop.test", "a.shop.test")]
        TlsGateway("web", {"hosts": hosts})

    declared = declare(program)
    secret = declared.one("Secret")
    assert secret.name == "web-any-shop-test-given"
    ((_, hosts, credential),) = servers(declared)
    assert (hosts, credential) == (["*.shop.test"], secret.manifest["metadata"]["name"])


def test_a_given_certificate_must_be_for_the_hosts_of_both(declare):
    pair = Authority("shop CA").issue("*.shop.test")

    def program():
        given = {
            "certificate": pulumi.Output.from_input(pair.certificate),
            "private_key": pulumi.Output.secret(pair.key),
        }
        hosts = [{"host": host, "given_certificate": given} for host in ("a.shop.test", "b.blog.test")]
        TlsGateway("web", {"hosts": hosts})

    with pytest.raises(
        pulumi.RunError, match=r"given_certificate\.certificate is for \*\.shop\.test, .* for b\.blog\.test too"
    ):
        declare(program)


@pytest.mark.parametrize(
    ("hosts", "sentence"),
    [
        (
            [kept("*.shop.test"), kept("a.shop.test", "other")],
            "hosts is 'a.shop.test', but must be apart from '*.shop.test', which covers it: HTTP/2 clients would "
            "send its requests there, unless both have one existing_credential or given_certificate.",
        ),
        (
            [kept("a.test"), kept("a.test", name="again", routes=TO_B)],
            "hosts is 'a.test', but must be a name of one host: two have it.",
        ),
        (
            [{"host": "*.shop.test"}, kept("a.shop.test")],
            "hosts is 'a.shop.test', but must be apart from '*.shop.test'",
        ),
    ],
)
def test_what_would_lead_astray_is_refused(declare, hosts, sentence):
    def program():
        with pytest.raises(pulumi.RunError) as refused:
            TlsGateway("web", {"hosts": hosts})
        assert str(refused.value).startswith(f'TlsGateway "web": {sentence}')

    assert declare(program).resources == []
