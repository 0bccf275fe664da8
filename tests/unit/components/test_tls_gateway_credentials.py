"""TlsGateway: the keys of its hosts, and the Secrets that they are served from."""

import pytest

from istio_ingress import KeyAlgorithm, SecretFormat
from tests.unit.components.secrets import contents
from tests.unit.components.tls_gateways import gateway, tls


@pytest.mark.parametrize(
    ("algorithm", "key"),
    [
        (KeyAlgorithm.ECDSA_P256, {"algorithm": "ECDSA", "ecdsaCurve": "P256"}),
        (KeyAlgorithm.ECDSA_P384, {"algorithm": "ECDSA", "ecdsaCurve": "P384"}),
        (KeyAlgorithm.RSA_2048, {"algorithm": "RSA", "rsaBits": 2048}),
        (KeyAlgorithm.RSA_3072, {"algorithm": "RSA", "rsaBits": 3072}),
        (KeyAlgorithm.RSA_4096, {"algorithm": "RSA", "rsaBits": 4096}),
    ],
)
def test_keys_are_of_the_chosen_kind(declare, algorithm, key):
    declared = declare(gateway(key_algorithms=[algorithm]))
    assert declared.one("PrivateKey", f"web-httpbin-example-com-{algorithm.value}-key").inputs == key


def test_a_host_may_have_an_ec_and_an_rsa_credential(declare):
    host = {"host": "a.test", "key_algorithms": ["ecdsa-p256", "rsa-2048"], "credential_name": "a-cert"}
    declared = declare(gateway(hosts=[host]))
    assert tls(declared) == [{"mode": "SIMPLE", "credentialNames": ["a-cert-ecdsa-p256", "a-cert-rsa-2048"]}]
    assert len(declared.of("LocallySignedCert")) == len(declared.of("Secret")) == 2


def test_a_fixed_credential_name_is_used_as_it_is(declare):
    declared = declare(gateway(hosts=[{"host": "a.test", "credential_name": "a-cert"}]))
    assert declared.manifest("Secret")["metadata"]["name"] == "a-cert"
    assert tls(declared)[0]["credentialName"] == "a-cert"


def test_for_an_existing_credential_nothing_is_issued(declare):
    declared = declare(gateway(hosts=[{"host": "a.test", "existing_credential": "theirs"}]))
    assert tls(declared) == [{"mode": "SIMPLE", "credentialName": "theirs"}]
    assert not declared.of("Secret")
    assert not declared.of("LocallySignedCert")


@pytest.mark.parametrize(
    ("chosen", "keys", "secret_type"),
    [
        (SecretFormat.TLS, {"tls.key", "tls.crt"}, "kubernetes.io/tls"),
        (SecretFormat.GENERIC, {"key", "cert"}, "Opaque"),
        (SecretFormat.SEPARATE_CA, {"key", "cert"}, "Opaque"),
    ],
)
def test_a_credential_has_the_chosen_formats_keys(declare, chosen, keys, secret_type):
    secret = declare(gateway(secret_format=chosen)).one("Secret")
    assert contents(secret).keys() == keys
    assert secret.inputs["type"] == secret_type


def test_raising_a_generation_replaces_the_keys_it_is_for(declare):
    def triggers(**args):
        keys = declare(gateway(hosts=[{"host": "a.test"}, {"host": "b.test"} | args.pop("b", {})], **args)).of(
            "PrivateKey"
        )
        return {key.name.split("-")[1]: key.replacement_trigger for key in keys if "-ca-" not in key.name}

    before = triggers()
    everywhere = triggers(leaf_generation=2)
    only_b = triggers(b={"leaf_generation": 2})
    assert everywhere["a"] != before["a"]
    assert everywhere["b"] != before["b"]
    assert only_b["a"] == before["a"]
    assert only_b["b"] not in (before["b"], everywhere["b"])


def test_an_authority_of_its_own_outlives_the_longest_leaf(declare):
    declared = declare(gateway(hosts=[{"host": "a.test"}, {"host": "b.test", "validity_days": 700}]))
    assert declared.one("SelfSignedCert").inputs["earlyRenewalHours"] == 700 * 24


def test_no_key_is_a_plain_input_or_output(declare):
    declared = declare(gateway(https_redirect=True, secret_format="separate-ca"))
    plain = [
        (resource.name, path)
        for resource in declared.resources
        for path, text in leaves(resource.inputs)
        if "PRIVATE KEY" in text and not any(path[: len(secret)] == secret for secret in resource.secrets)
    ]
    assert plain == []
    assert declared.secret_outputs == set()
    assert any("PRIVATE KEY" in text for r in declared.resources for _, text in leaves(r.inputs))


def leaves(value, path=()):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from leaves(inner, (*path, index))
    elif isinstance(value, str):
        yield path, value
