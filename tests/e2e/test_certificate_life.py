"""Certificates are renewed and their authority rolled over under load, and no request is lost."""

import subprocess
import sys
import time
from contextlib import ExitStack

import pytest
from cryptography import x509

from tests.e2e.ageing import age
from tests.e2e.conftest import eventually
from tests.e2e.environment import Environment
from tests.e2e.stacks import Stack
from tests.e2e.watching import Writes

SERVED_SECONDS = 3.0
HOSTS = ("httpbin", "mutual", "nginx")
LEAVES = (
    "web-httpbin-{0}-ecdsa-p256-certificate",
    "mutual-mutual-{0}-ecdsa-p256-certificate",
    "mutual-client-client-certificate",
    "nginx-certificate",
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory, ingress, namespace):
    stack = Stack.of_this_repository(tmp_path_factory.mktemp("life"), "dev")
    yield Environment.create(stack, ingress, f"life-{namespace}", namespace)
    stack.destroy()


def update(shop, clients, hosts=HOSTS, **config):
    """Update under the load of these clients; gives the loads and when the web Gateway was written."""
    loads = {(who, host): shop.load(host, client) for who, client in clients.items() for host in hosts}
    with Writes("gateways.networking.istio.io", f"{shop.name}-web-tls", shop.namespace) as writes, ExitStack() as stack:
        for load in loads.values():
            stack.enter_context(load)
        shop.stack.up(**config)
        time.sleep(SERVED_SECONDS)
    assert sum(load.rate for load in loads.values()) >= 20
    return loads, writes.moments


def refused(loads):
    return {key: answers[:3] for key, load in loads.items() if (answers := load.lost(200))}


def certificate(shop, host="httpbin", client=None):
    answer = eventually(lambda: shop.ask(host, client or shop.client()), lambda answer: answer.status == 200)
    return x509.load_der_x509_certificate(answer.certificate)


def renew_check(shop):
    command = [sys.executable, "-m", "istio_ingress", "renew-check"]
    return subprocess.run(command, cwd=shop.stack.directory, env=shop.stack.environment, capture_output=True, text=True)


def named(shop, *templates):
    return [f"{shop.name}-{template.format(f'{shop.name}-example-com')}" for template in templates]


def test_certificates_that_are_due_are_announced_and_renewed_with_the_same_keys(shop, record_property):
    before = {host: certificate(shop, host) for host in HOSTS}
    client = shop.client()
    assert renew_check(shop).returncode == 0
    age(shop.stack, 340, *named(shop, *LEAVES))
    check = renew_check(shop)
    assert check.returncode != 0
    for name in named(shop, *LEAVES):
        assert f"{name} ends " in check.stdout
    assert "in 24 days: it is renewed 30 days before its end, and so by the next update." in check.stdout

    loads, writes = update(shop, {"client": client})
    assert refused(loads) == {}
    after = {host: certificate(shop, host) for host in HOSTS}
    for host in HOSTS:
        assert after[host].serial_number != before[host].serial_number
        assert after[host].public_key() == before[host].public_key()
    seconds = served(loads["client", "httpbin"], writes, after["httpbin"])
    record_property("seconds from write to served", seconds)
    assert seconds < SERVED_SECONDS
    assert renew_check(shop).returncode == 0


def served(load, writes, wanted):
    """Seconds from the Gateway's last write to the first answer with this certificate."""

    def accept(answer):
        return bool(answer.certificate) and x509.load_der_x509_certificate(answer.certificate) == wanted

    return load.served_after(writes[-1], accept)


def test_an_authority_is_renewed_before_a_leaf_could_outlive_it_and_nobody_needs_the_new_one(shop):
    client = shop.client()
    age(shop.stack, 3650 - 364, *named(shop, "ca-g1-certificate"))
    assert f"{shop.name}-ca-g1-certificate ends " in renew_check(shop).stdout
    loads, _ = update(shop, {"with the old certificate": client})
    assert refused(loads) == {}
    told = shop.client()
    assert told.ca != client.ca
    authority = x509.load_pem_x509_certificate(told.ca.encode())
    for host in HOSTS:
        assert certificate(shop, host, client).not_valid_after_utc <= authority.not_valid_after_utc
        assert certificate(shop, host, told)


def test_envoy_has_under_the_gateways_names_what_is_served(shop):
    in_envoy = shop.in_envoy()
    named = {name for name in shop.in_use() if "server-certs" not in name}
    served = {shop.ask(host, shop.client()).certificate for host in ("httpbin", "helloworld", "mutual")}
    assert {in_envoy[name] for name in named} == served


def test_an_authority_takes_over_in_three_updates_and_no_client_that_was_told_is_refused(shop):
    old = shop.client()
    loads, _ = update(shop, {"old": old}, ca_generation=2)
    assert refused(loads) == {}
    between = shop.client()
    assert between.ca.count("BEGIN CERTIFICATE") == 2
    assert between.identity == old.identity

    clients = {"told": between}
    loads, writes = update(shop, clients, ca_rollover="issue")
    assert refused(loads) == {}
    assert served(loads["told", "httpbin"], writes, certificate(shop, client=between)) < SERVED_SECONDS
    new = shop.client()
    assert new.identity != between.identity
    assert shop.ask("mutual", between).status == shop.ask("mutual", new).status == 200
    assert "CERTIFICATE_VERIFY_FAILED" in shop.ask("httpbin", old).refused

    only_new = type(new)(new.ca.split("-----END CERTIFICATE-----\n")[0] + "-----END CERTIFICATE-----\n", new.identity)
    loads, _ = update(shop, {"new": new, "only new": only_new}, hosts=("httpbin", "mutual"), ca_rollover="finished")
    assert refused(loads) == {}
    assert shop.client().ca == only_new.ca
    for client in (old, between):
        answer = eventually(lambda: shop.ask("mutual", client), lambda answer: bool(answer.refused))  # noqa: B023
        assert answer.refused
    assert shop.ask("httpbin", between).status == 200, "whom the server still has to convince, it does"
    assert all(shop.ask(host, new).status == 200 for host in HOSTS)


@pytest.mark.parametrize(
    "config", [{"ca_generation": 4}, {"ca_generation": 3, "ca_rollover": "issue"}, {"ca_rollover": "issue"}]
)
def test_a_step_that_is_skipped_is_refused_by_preview_and_update_in_one_sentence(shop, config):
    options = [option for key, value in config.items() for option in ("--config", f"{key}={value}")]
    try:
        for command in (["preview"], ["up", "--yes", "--skip-preview"]):
            said = shop.stack.fails(*command, *options)
            assert "would shut clients out; the next step is generation 3 with rollover 'trust'" in said
            assert "Traceback" not in said
    finally:
        for key, value in {"ca_generation": "2", "ca_rollover": "finished"}.items():
            shop.stack.pulumi("config", "set", key, value)
    assert shop.stack.planned() == {}


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ({"leaf_validity_days": 30}, "renew_before_days is 30, but must be less than validity_days, 30."),
        ({"authority_validity_days": 365}, "validity_days is 365, but must be more than 365"),
    ],
)
def test_nonsense_is_refused_in_one_sentence(shop, config, sentence):
    key = next(iter(config))
    try:
        assert sentence in shop.stack.fails("preview", "--config", f"{key}={config[key]}")
    finally:
        shop.stack.pulumi("config", "rm", key)


def test_nothing_is_left_over_from_all_this(shop):
    assert shop.credentials() == shop.in_use()
