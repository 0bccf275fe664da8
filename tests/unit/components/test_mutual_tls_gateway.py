"""MutualTlsGateway: whose client certificates are asked for, trusted and issued."""

import pulumi
import pytest

from istio_ingress import CertificateAuthority, ClientVerification, MutualTlsGateway, Rollover, SecretFormat
from tests.unit.certificates import Authority
from tests.unit.components.engine import pem
from tests.unit.components.secrets import contents

OURS = pem("CERTIFICATE", "partners-ca-g1-certificate")
THEIRS_SIGNS = Authority("their own")
THEIRS, REVOKED = THEIRS_SIGNS.certificate, THEIRS_SIGNS.revocations()


def gateway(**args):
    def program():
        made = MutualTlsGateway("partners", args)
        return {
            "trusted": made.client_ca_certificate,
            "certificates": made.client_certificates,
            "keys": made.client_keys,
        }

    return program


def test_with_nothing_said_clients_of_its_own_authority_are_required(declare):
    declared = declare(gateway())
    (server,) = declared.manifest("Gateway")["spec"]["servers"]
    assert server == {
        "port": {"number": 443, "name": "https-mutual-example-com", "protocol": "HTTPS"},
        "hosts": ["mutual.example.com"],
        "tls": {"mode": "MUTUAL", "credentialName": declared.manifest("Secret")["metadata"]["name"]},
    }
    assert declared.manifest("Gateway")["metadata"]["name"] == "partners-mtls"
    assert contents(declared.one("Secret")) == {
        "tls.key": pem("PRIVATE KEY", "partners-mutual-example-com-ecdsa-p256-key"),
        "tls.crt": pem("CERTIFICATE", "partners-mutual-example-com-ecdsa-p256-certificate"),
        "ca.crt": OURS,
    }
    assert declared.outputs == {"trusted": OURS, "certificates": {}, "keys": {}}


def test_verification_may_be_optional(declare):
    declared = declare(gateway(verification=ClientVerification.OPTIONAL))
    assert declared.manifest("Gateway")["spec"]["servers"][0]["tls"]["mode"] == "OPTIONAL_MUTUAL"


@pytest.mark.parametrize(
    ("chosen", "secrets"),
    [
        (SecretFormat.TLS, {"": {"tls.key", "tls.crt", "ca.crt", "ca.crl"}}),
        (SecretFormat.GENERIC, {"": {"key", "cert", "cacert", "crl"}}),
        (SecretFormat.SEPARATE_CA, {"": {"key", "cert"}, "-cacert": {"cacert", "crl"}}),
    ],
)
def test_each_format_holds_the_clients_ca_and_revocations_where_istio_looks(declare, chosen, secrets):
    declared = declare(gateway(secret_format=chosen, client_ca=THEIRS, crl=REVOKED))
    name = "partners-mutual-example-com-ecdsa-p256"
    found = {secret.name.removeprefix(name): contents(secret).keys() for secret in declared.of("Secret")}
    assert found == secrets


def secret_names(declared):
    return [secret.manifest["metadata"]["name"] for secret in declared.of("Secret")]


def test_a_separate_ca_is_named_after_its_credential(declare):
    own, of_ca = secret_names(declare(gateway(secret_format=SecretFormat.SEPARATE_CA)))
    assert of_ca == f"{own}-cacert"


@pytest.mark.parametrize("chosen", SecretFormat)
def test_another_ca_or_list_renames_the_credential_so_that_the_new_is_there_before_the_old_goes(declare, chosen):
    trusts = {}, {"client_ca": THEIRS}, {"client_ca": THEIRS, "crl": REVOKED}
    names = [secret_names(declare(gateway(secret_format=chosen, **trust))) for trust in trusts]
    assert len({name for pair in names for name in pair}) == 3 * len(names[0])
    assert secret_names(declare(gateway(secret_format=chosen))) == names[0]


def test_another_format_renames_the_credential(declare):
    assert len({secret_names(declare(gateway(secret_format=each)))[0] for each in SecretFormat}) == len(SecretFormat)


def test_the_gateway_moves_to_a_credential_only_when_its_separate_ca_is_there(declare):
    declared = declare(gateway(secret_format=SecretFormat.SEPARATE_CA))
    assert "partners-mutual-example-com-ecdsa-p256-cacert" in declared.one("Gateway").depends_on


def test_clients_get_certificates_for_clients_and_keys_that_are_secrets(declare):
    clients = [
        {"name": "shop", "organization": "Shop"},
        {"name": "bank", "common_name": "bank.test", "validity_days": 90},
    ]
    declared = declare(gateway(clients=clients))
    assert declared.outputs["certificates"] == {
        "shop": pem("CERTIFICATE", "partners-client-shop-certificate"),
        "bank": pem("CERTIFICATE", "partners-client-bank-certificate"),
    }
    assert declared.outputs["keys"] == {
        "shop": pem("PRIVATE KEY", "partners-client-shop-key"),
        "bank": pem("PRIVATE KEY", "partners-client-bank-key"),
    }
    assert declared.secret_outputs == {"keys"}
    signed = declared.one("LocallySignedCert", "partners-client-bank-certificate").inputs
    assert signed["allowedUses"] == ["digital_signature", "client_auth"]
    assert signed["validityPeriodHours"] == 90 * 24
    subjects = {r.name: r.inputs["subject"] for r in declared.of("CertRequest") if "client" in r.name}
    assert subjects == {
        "partners-client-shop-request": {"commonName": "shop", "organization": "Shop"},
        "partners-client-bank-request": {"commonName": "bank.test"},
    }


def test_an_authority_of_its_own_outlives_the_longest_client(declare):
    declared = declare(gateway(clients=[{"name": "shop", "validity_days": 900}]))
    assert declared.one("SelfSignedCert").inputs["earlyRenewalHours"] == 900 * 24


def test_one_clients_key_is_rotated_alone(declare):
    clients = [{"name": "shop"}, {"name": "bank", "leaf_generation": 2}]
    keys = declare(gateway(clients=clients)).of("PrivateKey")
    triggers = {key.name: key.replacement_trigger for key in keys if "client" in key.name}
    assert triggers == {"partners-client-shop-key": "1", "partners-client-bank-key": "2"}


def test_a_given_ca_is_trusted_instead_of_ours(declare):
    assert declare(gateway(client_ca=THEIRS)).outputs["trusted"] == THEIRS


def test_ours_is_trusted_beside_a_given_ca_where_it_has_clients(declare):
    declared = declare(gateway(client_ca=THEIRS, clients=[{"name": "shop"}]))
    assert declared.outputs["trusted"] == f"{THEIRS}\n{OURS}"
    assert contents(declared.one("Secret"))["ca.crt"] == f"{THEIRS}\n{OURS}"


def test_clients_may_have_an_authority_of_their_own(declare):
    def program():
        ca = CertificateAuthority("clients", {"generation": 2, "rollover": Rollover.ISSUE})
        made = MutualTlsGateway("partners", {"client_authority": ca.issuer, "clients": [{"name": "shop"}]})
        return {"trusted": made.client_ca_certificate}

    declared = declare(program)
    both = pem("CERTIFICATE", "clients-g2-certificate") + pem("CERTIFICATE", "clients-g1-certificate")
    assert declared.outputs["trusted"] == both
    signed = declared.one("LocallySignedCert", "partners-client-shop-certificate").inputs
    assert signed["caCertPem"] == pem("CERTIFICATE", "clients-g2-certificate")


def tls(declared):
    return declared.manifest("Gateway")["spec"]["servers"][0]["tls"]


def test_only_clients_of_some_names_may_be_let_in(declare):
    clients = [{"name": "shop", "sans": ["spiffe://a.test/shop", "shop.test", "192.0.2.7"]}]
    declared = declare(gateway(client_names=["spiffe://a.test/shop"], clients=clients))
    assert tls(declared)["subjectAltNames"] == ["spiffe://a.test/shop"]
    request = declared.one("CertRequest", "partners-client-shop-request").inputs
    assert (request["uris"], request["dnsNames"], request["ipAddresses"]) == (
        ["spiffe://a.test/shop"],
        ["shop.test"],
        ["192.0.2.7"],
    )


def test_a_clients_names_may_become_known_during_the_update(declare):
    later = pulumi.Output.from_input("spiffe://a.test/shop")
    request = declare(gateway(clients=[{"name": "shop", "sans": [later]}])).one(
        "CertRequest", "partners-client-shop-request"
    )
    assert request.inputs["uris"] == ["spiffe://a.test/shop"]
    assert "dnsNames" not in request.inputs


def test_a_clients_certificate_may_be_good_for_more_and_say_more(declare):
    subject = {"country": "DE", "province": "NRW", "locality": "Bonn", "organizational_unit": "Web"}
    clients = [{"name": "shop", "extended_key_usages": ["server_auth"], "subject": subject}]
    declared = declare(gateway(clients=clients))
    signed = declared.one("LocallySignedCert", "partners-client-shop-certificate").inputs
    assert signed["allowedUses"] == ["digital_signature", "client_auth", "server_auth"]
    assert declared.one("CertRequest", "partners-client-shop-request").inputs["subject"] == {
        "commonName": "shop",
        "country": "DE",
        "province": "NRW",
        "locality": "Bonn",
        "organizationalUnit": "Web",
    }


@pytest.mark.parametrize(
    ("told", "written"),
    [
        ("bundle", "bundle-cacert"),
        ("bundle-cacert", "bundle-cacert"),
        ("configmap://istio-system/bundle", "configmap://istio-system/bundle"),
    ],
)
def test_somebody_else_may_keep_the_clients_ca(declare, told, written):
    declared = declare(gateway(client_ca_credential=told))
    assert tls(declared)["caCertCredentialName"] == written
    assert contents(declared.one("Secret")).keys() == {"tls.key", "tls.crt"}
    assert declared.outputs["trusted"] == ""
    later = declare(gateway(client_ca_credential=pulumi.Output.from_input(told)))
    assert tls(later)["caCertCredentialName"] == written


KEPT = {"hosts": [{"host": "a.test", "existing_credential": "kept", "backend": {"service": "app", "port": 80}}]}


def test_our_ca_may_stand_beside_a_credential_that_somebody_else_keeps(declare):
    declared = declare(gateway(**KEPT, client_ca=THEIRS, crl=REVOKED))
    secret = declared.one("Secret")
    assert contents(secret) == {"ca.crt": THEIRS, "ca.crl": REVOKED}
    assert tls(declared) == {
        "mode": "MUTUAL",
        "credentialName": "kept",
        "caCertCredentialName": f"{secret.manifest['metadata']['name']}-cacert",
    }


def test_a_separate_ca_stands_where_every_istio_looks_beside_a_kept_credential(declare):
    declared = declare(gateway(**KEPT, client_ca=THEIRS, secret_format=SecretFormat.SEPARATE_CA))
    secret = declared.one("Secret")
    assert secret.manifest["metadata"]["name"] == "kept-cacert"
    assert contents(secret) == {"cacert": THEIRS}
    assert tls(declared) == {"mode": "MUTUAL", "credentialName": "kept"}


def test_a_kept_credential_brings_its_own_ca_where_nothing_is_said(declare):
    declared = declare(gateway(**KEPT))
    assert not declared.of("Secret")
    assert tls(declared) == {"mode": "MUTUAL", "credentialName": "kept"}


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (
            {"client_names": ["shop.test"], "clients": [{"name": "a", "sans": ["cart.test"]}]},
            "clients[0].sans is ['cart.test'], but must be with one of client_names: nobody else is let in.",
        ),
        (
            {"client_ca_credential": "bundle", "client_ca": THEIRS},
            "client_ca is 'given', but must be left out: the client_ca_credential brings the clients' CA",
        ),
        ({"client_ca_credential": "configmap://bundle"}, "client_ca_credential is 'configmap://bundle', but must be a"),
        ({"clients": [{"name": "a", "sans": ["a b"]}]}, "clients[0].sans[0] is 'a b', but must be a DNS name, a URI"),
        ({"client_sans": ["a.test"]}, "client_sans is ['a.test'], but must be left out: it is called client_names."),
        (
            {"clients": [{"name": "a"}, {"name": "a"}]},
            "clients is 'a', but must be named once: two clients have this name.",
        ),
        (
            {"clients": [{"name": "a", "validity_days": 30}]},
            "clients[0].renew_before_days is 30, but must be less than validity_days, 30.",
        ),
        (
            {"hosts": [{"host": "a.test", "existing_credential": "a"}], "crl": REVOKED},
            "crl is 'given', but must be left out: the existing_credential brings the clients' CA and revocations.",
        ),
        ({"hosts": [{"host": "*"}]}, "hosts[0].sans is missing, but must be given for host '*'"),
    ],
)
def test_what_cannot_stand_together_is_refused_before_anything_is_declared(declare, args, sentence):
    def program():
        with pytest.raises(pulumi.RunError) as refused:
            MutualTlsGateway("partners", args)
        assert str(refused.value).startswith(f'MutualTlsGateway "partners": {sentence}')

    assert declare(program).resources == []
