"""Ten rotations of every leaf under load: new keys and certificates each time, and no moment without a credential."""

import pytest
from cryptography import x509

from tests.e2e.conftest import eventually
from tests.e2e.environment import Environment
from tests.e2e.stacks import Stack

ROTATIONS = 10


@pytest.fixture(scope="module")
def shop(tmp_path_factory, ingress, namespace):
    stack = Stack.of_this_repository(tmp_path_factory.mktemp("rotation"), "dev")
    yield Environment.create(stack, ingress, f"turn-{namespace}", namespace)
    stack.destroy()


def public_keys(load):
    certificates = {answer.certificate for _, answer in load.answers}
    return {x509.load_der_x509_certificate(one).public_key().public_numbers() for one in certificates}


def test_a_raised_leaf_generation_replaces_every_leaf_and_creates_before_it_deletes(shop):
    shown = shop.stack.preview(leaf_generation=2)
    shop.stack.pulumi("config", "rm", "leaf_generation")
    for name in shop.certificates():
        assert f"+- tls:index:LocallySignedCert {shop.name}-{name} replace" in shown
    for host, gateway in {"web-httpbin": "web", "web-helloworld": "web", "mutual-mutual": "mutual"}.items():
        secret = f"kubernetes:core/v1:Secret {shop.name}-{host}-{shop.name}-example-com-ecdsa-p256"
        moved = f"~  kubernetes:networking.istio.io/v1:Gateway {shop.name}-{gateway}-gateway update"
        assert shown.index(f"++ {secret} create") < shown.index(moved) < shown.index(f"-- {secret} delete original")


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_ten_rotations_lose_no_request(shop):
    client = shop.client()
    with (
        shop.load("httpbin", client) as https,
        shop.load("mutual", client) as mutual,
        shop.load("nginx", client) as own,
    ):
        for generation in range(2, ROTATIONS + 2):
            shop.stack.up(leaf_generation=generation)
            for load in (https, mutual, own):
                eventually(lambda: len(public_keys(load)), lambda served: served == generation)  # noqa: B023
    assert https.rate + mutual.rate + own.rate >= 20
    for load in (https, mutual, own):
        assert load.lost(200) == []
    assert shop.credentials() == shop.in_use()
    assert {name for name in shop.in_use() if "server-certs" not in name} <= shop.in_envoy().keys()


@pytest.mark.sdk
def test_a_rotation_loses_no_request(shop):
    client = shop.client()
    loads = [shop.load(host, client) for host in ("httpbin", "mutual", "nginx")]
    with loads[0], loads[1], loads[2]:
        shop.stack.up(leaf_generation=100)
        for load in loads:
            eventually(lambda: len(public_keys(load)), lambda served: served == 2)  # noqa: B023
    for load in loads:
        assert load.lost(200) == []
    assert shop.credentials() == shop.in_use(), "the old ones are gone"
