"""Certificates that are brought along, and authorities below a root: what follows a leaf, and every misfit."""

from datetime import timedelta

import pulumi
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from istio_ingress import IntermediateAuthority, MutualTlsGateway, PassthroughNginx, TlsGateway, x509
from tests.unit.certificates import Authority
from tests.unit.components.engine import pem
from tests.unit.components.secrets import contents

HOST = "shop.test"
ROOT = Authority("root", days=3650)
MIDDLE = Authority("middle", above=ROOT, days=3650)
SHOP, OTHER = MIDDLE.issue(HOST), MIDDLE.issue("other.test")
CHAIN = SHOP.certificate + MIDDLE.certificate


def gateway(certificate=CHAIN, key=SHOP.key, **host):
    host = {"host": HOST, "given_certificate": {"certificate": certificate, "private_key": key}, **host}

    def program():
        made = TlsGateway("web", {"hosts": [host]})
        return {"credentials": made.credentials}

    return program


def pair(authority):
    return {"certificate": authority.certificate, "private_key": authority.key}


@pytest.mark.parametrize("key", [str, pulumi.Output.secret], ids=["text", "secret"])
def test_a_given_leaf_is_served_with_its_chain_and_nothing_is_issued(declare, key):
    declared = declare(lambda: gateway(key=key(SHOP.key))())
    assert contents(declared.one("Secret")) == {"tls.crt": CHAIN, "tls.key": SHOP.key}
    assert declared.of("LocallySignedCert") == []


def test_a_key_given_as_text_is_a_secret_wherever_it_is_registered(declare):
    declared = declare(gateway())
    assert ("data",) in declared.one("Secret").secrets
    assert not any(SHOP.key in str(resource.inputs) for resource in declared.resources)


def test_a_given_leaf_may_have_a_fixed_credential_name(declare):
    assert declare(gateway(credential_name="shop")).outputs["credentials"] == {"shop-test": "shop"}


def refusal(component, name, args):
    with pytest.raises(pulumi.RunError) as refused:
        component(name, args)
    return str(refused.value)


def refused(declare, component, args):
    said = []
    assert declare(lambda: said.append(refusal(component, "web", args))).resources == []
    return said[0].removeprefix(f'{component.__name__} "web": ')


EXPIRED, ANYONE = MIDDLE.issue(HOST, days=-1), Authority(HOST)
ENCRYPTED = pem("ENCRYPTED PRIVATE KEY", "AAAA")
P224 = MIDDLE.issue(HOST, key=ec.generate_private_key(ec.SECP224R1()))
RSA_1024 = MIDDLE.issue(HOST, key=rsa.generate_private_key(65537, 1024))


@pytest.mark.parametrize(
    ("certificate", "key", "sentence"),
    [
        (CHAIN, OTHER.key, "private_key is another certificate's, but must be the key of CN=shop.test."),
        (CHAIN, ENCRYPTED, "private_key is an encrypted key, but must be a private key in PEM format, not encrypted."),
        (
            CHAIN,
            pem("PRIVATE KEY", "AAAA"),
            "private_key is a key that cannot be read, but must be a private key in PEM format, not encrypted.",
        ),
        (
            OTHER.certificate,
            OTHER.key,
            "certificate is for other.test, but must be for shop.test too (subjectAltName).",
        ),
        (
            SHOP.certificate + ROOT.certificate,
            SHOP.key,
            "certificate is a chain in which CN=root did not sign CN=shop.test before it, "
            "but must be certificates in PEM format, each signed by the next.",
        ),
        (
            MIDDLE.certificate + SHOP.certificate,
            SHOP.key,
            "certificate is a chain in which CN=shop.test did not sign CN=middle before it, "
            "but must be certificates in PEM format, each signed by the next.",
        ),
        (
            ANYONE.certificate,
            ANYONE.key,
            "certificate is CN=shop.test, an authority, but must be a server's, leaf first.",
        ),
        (
            pem("CERTIFICATE", "AAAA"),
            SHOP.key,
            "certificate is a certificate that cannot be read, "
            "but must be certificates in PEM format, each signed by the next.",
        ),
        (
            P224.certificate,
            P224.key,
            "private_key is of a kind that Envoy refuses, but must be RSA from 2048 bits, or EC P-256, P-384 or P-521.",
        ),
        (
            RSA_1024.certificate,
            RSA_1024.key,
            "private_key is of a kind that Envoy refuses, but must be RSA from 2048 bits, or EC P-256, P-384 or P-521.",
        ),
    ],
)
def test_a_misfit_is_refused_before_anything_is_declared(declare, certificate, key, sentence):
    host = {"host": HOST, "given_certificate": {"certificate": certificate, "private_key": key}}
    assert refused(declare, TlsGateway, {"hosts": [host]}) == f"hosts[0].given_certificate.{sentence}"


def test_dates_are_looked_at(declare):
    host = {"host": HOST, "given_certificate": {"certificate": EXPIRED.certificate, "private_key": EXPIRED.key}}
    said = refused(declare, TlsGateway, {"hosts": [host]})
    assert said.startswith("hosts[0].given_certificate.certificate is CN=shop.test, expired since 20")
    assert said.endswith(" UTC, but must be a certificate that is valid now.")


@pytest.mark.parametrize("sans", [["www.shop.test"], ["*.shop.test"]])
def test_every_name_must_be_in_the_certificate(declare, sans):
    host = {"host": HOST, "sans": sans, "given_certificate": {"certificate": CHAIN, "private_key": SHOP.key}}
    wanted = f"certificate is for shop.test, but must be for {sans[0]} too (subjectAltName)."
    assert refused(declare, TlsGateway, {"hosts": [host]}) == f"hosts[0].given_certificate.{wanted}"


def test_a_wildcard_in_the_certificate_stands_for_one_label(declare):
    wild = MIDDLE.issue("*.shop.test")
    assert declare(gateway(wild.certificate, wild.key, host="www.shop.test")).one("Secret")


def test_no_sentence_shows_a_key(declare):
    pairs = [{"certificate": CHAIN, "private_key": key} for key in (OTHER.key, ENCRYPTED, f"x{OTHER.key}")]
    for each in pairs:
        said = refused(declare, TlsGateway, {"hosts": [{"host": HOST, "given_certificate": each}]})
        assert not any(line in said for line in each["private_key"].splitlines())


@pytest.mark.parametrize("field", ["key_algorithms", "validity_days", "common_name", "leaf_generation"])
def test_what_an_issued_certificate_would_need_is_refused_beside_a_given_one(declare, field):
    values = {"key_algorithms": ["ecdsa-p256"], "validity_days": 40, "common_name": HOST, "leaf_generation": 2}
    host = {"host": HOST, "given_certificate": {"certificate": CHAIN, "private_key": SHOP.key}, field: values[field]}
    said = refused(declare, TlsGateway, {"hosts": [host]})
    assert said == f"hosts[0].{field} is 'given', but must be left out where a given_certificate is given."


@pytest.mark.parametrize(
    ("component", "field"),
    [
        (TlsGateway, "authority"),
        (MutualTlsGateway, "authority"),
        (MutualTlsGateway, "client_authority"),
        (PassthroughNginx, "authority"),
        (IntermediateAuthority, "authority"),
    ],
)
@pytest.mark.parametrize(
    ("authority", "sentence"),
    [
        (
            {"certificate": ROOT.certificate, "private_key": MIDDLE.key},
            "private_key is another certificate's, but must be the key of CN=root.",
        ),
        (
            {"certificate": SHOP.certificate, "private_key": SHOP.key},
            "certificate is CN=shop.test, no authority, but must be one that may sign others (CA:TRUE).",
        ),
        (
            pair(MIDDLE) | {"bundle": Authority("elsewhere").certificate},
            "bundle is without the certificate that signed CN=middle, but must be one or more CA certificates "
            "that it leads to, directly or through `chain`.",
        ),
    ],
    ids=["key", "leaf", "bundle"],
)
def test_an_authority_that_cannot_sign_is_refused_before_anything_is_declared(
    declare, component, field, authority, sentence
):
    args = {field: authority}
    if field == "client_authority":
        args["clients"] = [{"name": "a", "validity_days": 60}]
    assert refused(declare, component, args) == f"{field}.{sentence}"


def test_an_authority_must_outlive_its_leaves(declare):
    said = refused(declare, TlsGateway, {"authority": pair(Authority("short", days=20))})
    assert said.startswith("authority.certificate is CN=short, which ends on 20")
    assert said.endswith(" UTC, but must be valid for longer than its leaves' validity_days, 365.")


@pytest.mark.parametrize("days", [(10, 90), (90, 10)])
@pytest.mark.parametrize("leaves", ["hosts", "clients"])
def test_an_authority_must_outlive_the_longest_of_its_leaves(declare, days, leaves):
    each = [{"validity_days": n, "renew_before_days": 1} for n in days]
    short = pair(Authority("short", days=20))
    args = {
        "hosts": {"authority": short, "hosts": [{"host": f"h{n}.test", **one} for n, one in enumerate(each)]},
        "clients": {"client_authority": short, "clients": [{"name": f"c{n}", **one} for n, one in enumerate(each)]},
    }
    said = refused(declare, MutualTlsGateway, args[leaves])
    assert said.endswith(" UTC, but must be valid for longer than its leaves' validity_days, 90.")


def test_an_intermediate_authoritys_leaves_carry_it_along_and_clients_trust_the_root(declare):
    def program():
        middle = IntermediateAuthority("middle", {"authority": pair(ROOT)})
        return {"ca": TlsGateway("web", {"authority": middle.issuer}).ca_certificate}

    declared = declare(program)
    leaf = pem("CERTIFICATE", "web-httpbin-example-com-ecdsa-p256-certificate")
    middle = pem("CERTIFICATE", "middle-certificate")
    assert contents(declared.one("Secret"))["tls.crt"] == leaf + middle
    assert declared.outputs["ca"] == ROOT.certificate
    signed = declared.one("LocallySignedCert", "middle-certificate").inputs
    assert (signed["isCaCertificate"], signed["setSubjectKeyId"], signed["caCertPem"]) == (True, True, ROOT.certificate)
    assert signed["earlyRenewalHours"] == 365 * 24


def test_another_generation_of_an_intermediate_authority_signs_and_the_one_before_still_signs_lists(declare):
    def program(generation):
        middle = IntermediateAuthority("middle", {"authority": pair(ROOT), "generation": generation})
        TlsGateway("web", {"authority": middle.issuer})
        return {"signers": [one["certificate"] for one in middle.issuer["crl_signers"]]}

    for generation, names in {1: ["middle"], 2: ["middle-g2", "middle"], 3: ["middle-g3", "middle-g2"]}.items():
        declared = declare(lambda generation=generation: program(generation))
        made = [
            one.name for one in declared.resources if one.type.endswith("LocallySignedCert") and "middle" in one.name
        ]
        assert sorted(made) == sorted(f"{name}-certificate" for name in names)
        signing, *before = (pem("CERTIFICATE", f"{name}-certificate") for name in names)
        assert contents(declared.one("Secret"))["tls.crt"].endswith(signing)
        assert declared.outputs["signers"] == [*before, ROOT.certificate]


def test_by_default_an_intermediate_authority_has_a_root_that_outlives_it(declare):
    declared = declare(lambda: IntermediateAuthority("middle", {}) and {})
    root = declared.one("SelfSignedCert").inputs
    assert root["earlyRenewalHours"] == declared.one("LocallySignedCert").inputs["validityPeriodHours"]
    assert timedelta(hours=root["validityPeriodHours"]).days == 3650


def test_two_intermediate_authorities_below_each_other_are_both_carried_along(declare):
    def program():
        upper = IntermediateAuthority("upper", {})
        lower = IntermediateAuthority(
            "lower", {"authority": upper.issuer | {"max_leaf_days": 400}, "validity_days": 400}
        )
        TlsGateway("web", {"authority": lower.issuer})

    chain = contents(declare(program).one("Secret"))["tls.crt"]
    names = ("web-httpbin-example-com-ecdsa-p256", "lower", "upper")
    assert chain == "".join(pem("CERTIFICATE", f"{name}-certificate") for name in names)


GLUED = SHOP.certificate.rstrip() + MIDDLE.certificate
ONE_LINE = SHOP.key.replace("\n", " ")
FOUR_DASHES = CHAIN[1:]
NOT_CLEAR = "a text with a BEGIN or END that is not between five dashes and in capital letters"


@pytest.mark.parametrize("given", [str, pulumi.Output.secret], ids=["text", "Output"])
def test_a_persons_spelling_becomes_what_envoy_reads(declare, given):
    declared = declare(lambda: gateway(given(GLUED), given(ONE_LINE))())
    assert contents(declared.one("Secret")) == {"tls.crt": CHAIN, "tls.key": SHOP.key}


@pytest.mark.parametrize("given", [str, pulumi.Output.secret], ids=["text", "Output"])
@pytest.mark.parametrize(
    ("field", "args", "read"),
    [
        ("client_ca", {"client_ca": ROOT.certificate.rstrip() + MIDDLE.certificate}, "ca.crt"),
        ("crl", {"client_ca": ROOT.certificate, "crl": f"  {ROOT.revocations()}"}, "ca.crl"),
    ],
)
def test_a_persons_spelling_of_who_is_trusted_becomes_what_envoy_reads(declare, given, field, args, read):
    declared = declare(lambda: MutualTlsGateway("web", args | {field: given(args[field])}) and {})
    assert contents(declared.one("Secret"))[read] == args[field].replace("----------", "-----\n-----").lstrip()


@pytest.mark.parametrize("given", [str, pulumi.Output.secret], ids=["text", "Output"])
def test_a_persons_spelling_of_an_authority_becomes_what_everyone_reads(declare, given):
    spelled = {
        "certificate": MIDDLE.certificate.replace("\n", " "),
        "private_key": MIDDLE.key.replace("\n", "\\n"),
        "bundle": f"  {ROOT.certificate}",
        "chain": f"\ufeff{MIDDLE.certificate}",
    }

    def program():
        authority = {field: given(text) for field, text in spelled.items()}
        return {"ca": TlsGateway("web", {"authority": authority}).ca_certificate}

    declared = declare(program)
    signed = declared.one("LocallySignedCert").inputs
    assert (signed["caCertPem"], signed["caPrivateKeyPem"]) == (MIDDLE.certificate, MIDDLE.key)
    assert contents(declared.one("Secret"))["tls.crt"].endswith(MIDDLE.certificate)
    assert declared.outputs["ca"] == ROOT.certificate


UNCLEAR = [
    (
        TlsGateway,
        lambda given: {
            "hosts": [{"host": HOST, "given_certificate": {"certificate": given(FOUR_DASHES), "private_key": SHOP.key}}]
        },
        f"hosts[0].given_certificate.certificate is {NOT_CLEAR}, "
        "but must be certificates in PEM format, each signed by the next.",
    ),
    (
        TlsGateway,
        lambda given: {
            "hosts": [{"host": HOST, "given_certificate": {"certificate": CHAIN, "private_key": given(SHOP.key[1:])}}]
        },
        f"hosts[0].given_certificate.private_key is {NOT_CLEAR}, "
        "but must be a private key in PEM format, not encrypted.",
    ),
    (
        MutualTlsGateway,
        lambda given: {"client_ca": given(FOUR_DASHES)},
        f"client_ca is {NOT_CLEAR}, but must be certificates in PEM format.",
    ),
    (
        MutualTlsGateway,
        lambda given: {"client_ca": ROOT.certificate, "crl": given(ROOT.revocations()[1:])},
        f"crl is {NOT_CLEAR}, but must be certificate revocation lists in PEM format.",
    ),
    (
        PassthroughNginx,
        lambda given: {"authority": pair(ROOT) | {"bundle": given(ROOT.certificate[1:])}},
        f"authority.bundle is {NOT_CLEAR}, but must be certificates in PEM format.",
    ),
    (
        IntermediateAuthority,
        lambda given: {"authority": pair(ROOT) | {"crl_signers": [{**pair(ROOT), "certificate": given(FOUR_DASHES)}]}},
        f"authority.crl_signers[0].certificate is {NOT_CLEAR}, but must be the authority's certificate in PEM format.",
    ),
]


@pytest.mark.parametrize(("component", "args", "sentence"), UNCLEAR)
def test_what_is_not_clear_is_refused_before_anything_is_declared(declare, component, args, sentence):
    assert refused(declare, component, args(str)) == sentence


@pytest.mark.parametrize(("component", "args", "sentence"), UNCLEAR[:4])
def test_what_turns_out_not_to_be_clear_is_refused_with_the_same_sentence(declare, component, args, sentence):
    with pytest.raises(pulumi.RunError) as said:
        declare(lambda: component("web", args(pulumi.Output.secret)) and {})
    assert str(said.value) == f'{component.__name__} "web": {sentence}'


@pytest.mark.parametrize("value", [None, {"pem": CHAIN}])
def test_an_output_of_something_else_is_refused_in_a_sentence(declare, value):
    with pytest.raises(pulumi.RunError, match="client_ca is no text, but must be certificates in PEM format"):
        declare(lambda: MutualTlsGateway("web", {"client_ca": pulumi.Output.from_input(value)}) and {})


def test_a_key_in_the_wrong_field_is_not_shown(declare):
    keys = [SHOP.key, SHOP.key.replace("-----", ""), [SHOP.key], {"key": SHOP.key}]
    for key in keys:
        for args in ({"client_ca": key}, {"crl": key}, {"authority": {"certificate": key, "private_key": SHOP.key}}):
            said = refused(declare, MutualTlsGateway, args)
            assert not any(line in said for line in SHOP.key.splitlines()[1:-1])
            assert SHOP.key.splitlines()[1][:16] not in said


def test_a_bundle_can_be_given_and_is_read_without_the_package_that_parses_it(declare, monkeypatch):
    monkeypatch.setattr(x509.parsed, "available", lambda: False)
    monkeypatch.setattr(x509, "available", lambda: False)
    glued = ROOT.certificate.rstrip() + MIDDLE.certificate
    declared = declare(lambda: MutualTlsGateway("web", {"client_ca": glued}) and {})
    assert contents(declared.one("Secret"))["ca.crt"] == ROOT.certificate + MIDDLE.certificate
