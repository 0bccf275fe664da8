"""An authority that comes whole from another stack, as `StackReference.require_output("issuer")` gives it."""

import pulumi
import pytest

from istio_ingress import CertificateAuthority, IntermediateAuthority, MutualTlsGateway, PassthroughNginx, TlsGateway
from tests.unit.certificates import Authority
from tests.unit.components.secrets import contents

CA = Authority("far CA", days=2000)
OLD = Authority("old CA", days=2000)
# The engine's protocol makes a fraction of the number.
EXPORTED = {"certificate": CA.certificate, "private_key": CA.key, "max_leaf_days": 365.0}


def issuer(**more):
    """One secret, as every output of a stack is that holds one."""
    return pulumi.Output.secret(EXPORTED | more)


@pytest.mark.parametrize("component", [TlsGateway, MutualTlsGateway, PassthroughNginx, IntermediateAuthority])
def test_it_signs(declare, component):
    days = {"validity_days": 300, "max_leaf_days": 90} if component is IntermediateAuthority else {}
    declared = declare(lambda: component("web", {"authority": issuer(), **days}) and None)
    signed = declared.one("LocallySignedCert")
    assert signed.inputs["caCertPem"] == CA.certificate
    assert signed.inputs["caPrivateKeyPem"] == CA.key
    assert signed.secrets == {("caPrivateKeyPem",)}
    assert not declared.of("SelfSignedCert")


def test_what_clients_must_trust_is_no_secret(declare):
    def program():
        return {
            "trust": TlsGateway("web", {"authority": issuer(bundle=CA.certificate + OLD.certificate)}).ca_certificate
        }

    declared = declare(program)
    assert declared.outputs == {"trust": CA.certificate + OLD.certificate}
    assert declared.secret_outputs == set()


def test_without_a_bundle_its_own_certificate_is_trusted(declare):
    declared = declare(lambda: {"trust": TlsGateway("web", {"authority": issuer()}).ca_certificate})
    assert declared.outputs == {"trust": CA.certificate}


def test_its_chain_follows_the_leaf(declare):
    plain = contents(declare(lambda: TlsGateway("web", {"authority": issuer()}) and None).one("Secret"))["tls.crt"]
    declared = declare(lambda: TlsGateway("web", {"authority": issuer(chain=CA.certificate)}) and None)
    assert contents(declared.one("Secret"))["tls.crt"] == plain + CA.certificate


def test_it_and_those_it_takes_over_from_sign_revocation_lists(declare):
    def program():
        signers = [{"certificate": OLD.certificate, "private_key": OLD.key}]
        whole = issuer(bundle=CA.certificate + OLD.certificate, crl_signers=signers)
        return {"crl": MutualTlsGateway("web", {"authority": whole, "revoked": {"serials": ["0A"]}}).crl}

    assert declare(program).outputs["crl"].count("BEGIN X509 CRL") == 2


def test_it_is_what_an_authority_here_gives_out(declare):
    def program():
        exported = pulumi.Output.secret(CertificateAuthority("far", {"max_leaf_days": 365}).issuer)
        TlsGateway("web", {"authority": exported})

    assert declare(program).one("LocallySignedCert").inputs["validityPeriodHours"] == 365 * 24


def test_each_field_may_be_an_output_of_its_own(declare):
    def program():
        whole = issuer(bundle=CA.certificate, crl_signers=[])
        fields = ("certificate", "private_key", "bundle", "max_leaf_days", "crl_signers")
        TlsGateway("web", {"authority": {field: whole[field] for field in fields}})

    assert declare(program).one("LocallySignedCert").inputs["caCertPem"] == CA.certificate


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"max_leaf_days": 90}, "authority.max_leaf_days is 90, but must be at least 365, the longest validity_days"),
        ({"private_key": None}, "authority.private_key is missing"),
        ({"certificate": "far"}, "authority.certificate is 'far', but must be text in PEM format"),
        ({"days": 9}, "authority.days is 9, but must be left out: the fields are "),
    ],
)
def test_one_that_will_not_do_is_refused_when_it_is_known(declare, given, sentence):
    with pytest.raises(pulumi.RunError) as refused:
        declare(lambda: TlsGateway("web", {"authority": issuer(**given)}) and None)
    assert str(refused.value).startswith(f'TlsGateway "web": {sentence}')
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize("days", [(10, 90), (90, 10)])
def test_one_for_clients_outlives_the_longest_of_their_certificates(declare, days):
    clients = [{"name": f"c{n}", "validity_days": n, "renew_before_days": 1} for n in days]
    with pytest.raises(pulumi.RunError, match="max_leaf_days is 60, but must be at least 90, the longest validity"):
        declare(
            lambda: MutualTlsGateway("web", {"client_authority": issuer(max_leaf_days=60), "clients": clients}) and None
        )
