"""A TLS gateway over time: rotation, a new authority, what an update touches, and what is left when it goes."""

import pytest
from cryptography import x509

from tests.e2e.conftest import eventually, kubectl

PROGRAM = """
import pulumi
from istio_ingress import CertificateAuthority, Rollover, TlsGateway, TlsVersion

config = pulumi.Config()
ns = config.require("namespace")
ca = CertificateAuthority(f"{ns}-ca", {
    "generation": config.get_int("ca_generation") or 1,
    "rollover": Rollover(config.get("rollover") or "trust"),
})
TlsGateway(f"{ns}-shop", {
    "namespace": ns,
    "authority": ca.issuer,
    "min_tls": TlsVersion(config.get("min_tls") or "TLSV1_2"),
    "https_redirect": config.get_bool("https_redirect") or False,
    "hosts": [
        {
            "host": f"first.{ns}.example.com",
            "name": "first",
            "organization": config.get("organization") or "Shop",
            "leaf_generation": config.get_int("leaf_generation") or 1,
            "routes": [{"prefix": config.get("prefix") or "/status"}],
            "workload": {"name": "httpbin", "image": "lab.local/go-httpbin:1"},
        },
        {"host": f"second.{ns}.example.com", "name": "second", "backend": {"service": "httpbin", "port": 8000}},
    ],
})
if not config.get_bool("without_side"):
    TlsGateway(f"{ns}-side", {
        "namespace": ns,
        "authority": ca.issuer,
        "hosts": [{
            "host": f"side.{ns}.example.com",
            "name": "side",
            "workload": {"name": "side", "image": "lab.local/go-httpbin:1"},
        }],
    })
pulumi.export("ca", ca.bundle)
"""
# What is made for a host, in the order in which one is made from the other.
KEY, REQUEST, CERTIFICATE, CREDENTIAL = (f"-ecdsa-p256{part}" for part in ("-key", "-request", "-certificate", ""))
# Where the state keeps when the certificates end.
ENDS = "shop-ends"


class Shop:
    """The stack, its authority as of the last update, and requests to its hosts."""

    def __init__(self, stack, requests, namespace):
        self.stack, self.requests, self.namespace = stack, requests, namespace
        self.up(namespace=namespace)

    def up(self, **config):
        self.ca = self.stack.up(**config)["ca"]

    def ask(self, host, ca=None):
        return self.requests.https(f"{host}.{self.namespace}.example.com", "/status/418", ca=ca or self.ca)

    def serials(self):
        """The serial number of every host's certificate, once it verifies and the teapot answers."""
        answers = {
            host: eventually(lambda: self.ask(host), lambda answer: answer.status == 418)  # noqa: B023
            for host in ("first", "second", "side")
        }
        return {host: serial(answer) for host, answer in answers.items()}

    def planned(self, **config):
        """What a change of config would do, by operation, without the names' common beginning."""
        planned = self.stack.planned(**config)
        for key in config:
            self.stack.pulumi("config", "rm", key)
        return {op: {name.removeprefix(f"{self.namespace}-") for name in names} for op, names in planned.items()}

    def objects(self, kinds, namespace):
        """Names of the cluster's objects of these kinds that are the stack's."""
        found = kubectl("get", kinds, "-n", namespace, "-o", "name").split()
        return [name for name in found if self.namespace in name]


def serial(answer):
    return x509.load_der_x509_certificate(answer.certificate).serial_number


@pytest.fixture(scope="module")
def shop(new_stack, requests, namespace):
    return Shop(new_stack(PROGRAM), requests, namespace)


def test_a_second_update_changes_nothing(shop):
    assert shop.serials()
    assert shop.planned() == {}


@pytest.mark.parametrize(
    ("config", "updated"),
    [
        ({"prefix": "/stat"}, {"shop-first-routes"}),
        ({"min_tls": "TLSV1_3"}, {"shop-gateway"}),
        ({"https_redirect": True}, {"shop-gateway"}),
    ],
)
def test_a_change_of_routes_or_settings_updates_one_object(shop, config, updated):
    assert shop.planned(**config) == {"update": updated}


def test_another_subject_replaces_the_certificate_and_keeps_the_key(shop):
    planned = shop.planned(organization="Other")
    assert planned["replace"] == {f"shop-first{what}" for what in (REQUEST, CERTIFICATE, CREDENTIAL)}
    assert planned["update"] == {"shop-gateway", ENDS}
    assert {name for names in planned.values() for name in names} == planned["replace"] | planned["update"]


def test_a_raised_leaf_generation_changes_that_hosts_certificate_alone(shop):
    before = shop.serials()
    planned = shop.planned(leaf_generation=2)
    assert planned["replace"] == {f"shop-first{what}" for what in (KEY, REQUEST, CERTIFICATE, CREDENTIAL)}
    assert planned["update"] == {"shop-gateway", ENDS}
    shop.up(leaf_generation=2)
    answer = eventually(lambda: shop.ask("first"), lambda answer: serial(answer) != before["first"])
    assert answer.status == 418
    after = shop.serials()
    assert (after["second"], after["side"]) == (before["second"], before["side"])
    assert len(shop.objects("secrets", "istio-system")) == 3, "the old credential is gone"


def test_after_a_rollover_the_new_authority_verifies_every_host_and_the_old_one_none(shop):
    before, old = shop.serials(), shop.ca
    shop.up(ca_generation=2)
    both = shop.ca
    assert both.count("BEGIN CERTIFICATE") == 2
    assert shop.serials() == before
    shop.up(rollover="issue")
    shop.up(rollover="finished")
    assert shop.ca.count("BEGIN CERTIFICATE") == 1
    assert shop.ca != old
    after = shop.serials()
    for host in before:
        assert after[host] != before[host]
        assert shop.ask(host, ca=both).status == 418
        assert "CERTIFICATE_VERIFY_FAILED" in shop.ask(host, ca=old).refused


def test_a_component_that_leaves_the_program_takes_its_listener_and_objects_along(shop, namespace):
    assert shop.serials()["side"]
    kinds = "gateways,virtualservices,deployments,services"
    mine = [name for name in shop.objects("secrets", "istio-system") if "-side-" in name]
    assert len(mine) == 1
    shop.up(without_side=True)
    refused = eventually(lambda: shop.ask("side"), lambda answer: bool(answer.refused)).refused
    assert "CERTIFICATE_VERIFY_FAILED" not in refused
    left = kubectl("get", kinds, "-n", namespace, "-o", "name").split() + shop.objects("secrets", "istio-system")
    assert [name for name in left if "side" in name] == []
    assert shop.ask("first").status == shop.ask("second").status == 418


def test_destroyed_it_leaves_nothing(shop, namespace):
    assert shop.objects("secrets", "istio-system")
    shop.stack.destroy()
    kinds = "gateways,virtualservices,deployments,services,secrets"
    assert kubectl("get", kinds, "-n", namespace, "-o", "name").split() == []
    assert shop.objects("secrets", "istio-system") == []
    assert eventually(lambda: shop.ask("first"), lambda answer: bool(answer.refused))
