"""PEM: what Envoy reads of a spelling, and what becomes of it where a person gives it to a component."""

import base64
import ssl

import pytest
from cryptography.hazmat.primitives import serialization

from istio_ingress import x509
from istio_ingress.x509 import BUNDLE, CHAIN, KEY, REVOCATION_LISTS, UnreadableError, pem
from tests.unit.x509.spellings import LEAF, MIDDLE, OF_CHAINS, ROOT, SPELLINGS, TEXTS, generated, traditional

KINDS = {"chain": CHAIN, "key": KEY, "bundle": BUNDLE, "crl": REVOCATION_LISTS}
CASES = [
    pytest.param(kind, text, way, id=f"{name}-{index}: {called}")
    for name, kind in KINDS.items()
    for index, text in enumerate(TEXTS[kind])
    for called, way in {**SPELLINGS, **(OF_CHAINS if kind in (CHAIN, BUNDLE) else {})}.items()
]


def contents(kind, text):
    """What is in a text, read as Envoy does."""
    raw = text.encode()
    if kind is KEY:
        return x509.public_bytes(x509.private_key(raw).public_key())
    if kind is REVOCATION_LISTS:
        return [one.signature for one in x509.revocation_lists(raw)]
    return [one.fingerprint for one in x509.certificates(raw, kind)]


def read_whole(kind, text):
    try:
        return contents(kind, text) and (kind is KEY or not x509.passed_over(text.encode(), kind))
    except UnreadableError:
        return False


def written(kind, text):
    try:
        return x509.written(text, kind)
    except UnreadableError:
        return None


@pytest.mark.parametrize(("kind", "text", "way"), CASES)
def test_a_secret_is_read_as_envoy_reads_it(kind, text, way):
    assert bool(read_whole(kind, way.spell(text))) == way.envoy


@pytest.mark.parametrize(("kind", "text", "way"), CASES)
def test_what_a_person_means_is_written_as_envoy_wants_it_or_refused(kind, text, way):
    again = written(kind, way.spell(text))
    assert (again is not None) == way.given
    if again is not None:
        assert read_whole(kind, again)
        assert contents(kind, again) == contents(kind, text)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_whatever_is_taken_envoy_reads_whole_and_a_second_time_changes_nothing(kind):
    taken = [again for seed in range(300) if (again := written(kind, generated(kind, seed))) is not None]
    assert len(taken) > 50
    for again in taken:
        assert pem.found(again.encode(), kind)
        assert x509.passed_over(again.encode(), kind) == 0
        assert x509.written(again, kind) == again


@pytest.mark.parametrize("called", ["CRLF", "no newline at the end", "text behind", "lines of 76"])
def test_what_envoy_reads_stays_as_it_is_so_that_no_credential_changes(called):
    text = SPELLINGS[called].spell(TEXTS[CHAIN][0])
    assert x509.written(text, CHAIN) == text


def test_a_private_key_does_not_get_where_only_certificates_should_be():
    (text,) = TEXTS[CHAIN]
    assert x509.written(text + LEAF.key, CHAIN) == text


def test_a_revocation_list_stays_in_a_bundle_because_envoy_heeds_it():
    text = ROOT.certificate + ROOT.revocations()
    assert x509.written(text.replace("\n", " "), BUNDLE) == text


def test_what_stands_before_a_key_stays_there():
    parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
    text = parameters + traditional(LEAF.key)
    assert x509.written(text, KEY) == text
    assert x509.written(text.replace("\n", " "), KEY) == traditional(LEAF.key)


def test_what_a_trusted_certificate_is_trusted_for_is_left_out():
    trusted = base64.b64encode(ssl.PEM_cert_to_DER_cert(ROOT.certificate) + b"\x30\x03\x0c\x01A").decode()
    text = f"-----BEGIN TRUSTED CERTIFICATE-----\n{trusted}\n-----END TRUSTED CERTIFICATE-----\n"
    assert x509.written(text, BUNDLE) == ROOT.certificate
    assert x509.certificates(text.encode(), BUNDLE) == x509.certificates(ROOT.certificate.encode())


def test_of_a_chain_only_the_first_may_be_a_trusted_certificate_and_of_a_bundle_any():
    text = LEAF.certificate + MIDDLE.certificate.replace(" CERTIFICATE-", " TRUSTED CERTIFICATE-")
    assert x509.passed_over(text.encode(), CHAIN) == 1
    assert x509.passed_over(text.encode(), BUNDLE) == 0
    assert x509.written(text, CHAIN) == LEAF.certificate + MIDDLE.certificate


@pytest.mark.parametrize("more", [MIDDLE.key, "-----BEGIN CERTIFICATE-----\n"])
def test_nothing_is_read_behind_the_first_key(more):
    assert contents(KEY, LEAF.key + more) == contents(KEY, LEAF.key)


@pytest.mark.parametrize("padding", ["", "=", "==="])
def test_padding_is_mended(padding):
    text = block(base64.b64encode(b"\x30\x02ab").decode().rstrip("=") + padding)
    assert not read_whole(CHAIN, text)
    assert x509.written(text, CHAIN) == block("MAJhYg==")


def block(content):
    return f"-----BEGIN CERTIFICATE-----\n{content}\n-----END CERTIFICATE-----\n"


ENCRYPTED = serialization.BestAvailableEncryption(b"secret")
FORMATS = [serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL]


@pytest.mark.parametrize("form", FORMATS, ids=["PKCS 8", "with headers"])
def test_an_encrypted_key_is_called_so(form):
    key = x509.private_key(LEAF.key.encode())
    text = key.private_bytes(serialization.Encoding.PEM, form, ENCRYPTED).decode()
    for read in (lambda: x509.written(text, KEY), lambda: x509.private_key(text.encode())):
        with pytest.raises(UnreadableError, match=r"^an encrypted key$"):
            read()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("nothing", "a text without '-----BEGIN CERTIFICATE-----'"),
        (f" {LEAF.certificate}", "a text in which '-----BEGIN CERTIFICATE-----' is not a line of its own"),
        (LEAF.certificate.rstrip() + MIDDLE.certificate, "a text whose block 1 does not end with a line of its own"),
        (LEAF.certificate + block("AAA"), "a text whose block 2 is not base64"),
        (block("Name: shop\n\nMAJhYg=="), "a text in which a block has headers, or an empty line in the middle"),
        (block("MAJhYg=="), "a certificate that cannot be read"),
    ],
)
def test_it_is_said_why_envoy_does_not_read_a_chain(text, why):
    with pytest.raises(UnreadableError) as refused:
        x509.certificates(text.encode())
    assert str(refused.value) == why


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("nothing", "a text without '-----BEGIN CERTIFICATE-----'"),
        (LEAF.key, "a text without '-----BEGIN CERTIFICATE-----'"),
        ("-" + block("x!"), "a text whose block 1 is not base64"),
        (block("MAJhYg==")[1:], "a text with a BEGIN or END that is not between five dashes and in capital letters"),
        (LEAF.certificate + "-----BEGIN CERTIFICATE-----", "a text whose block 2 has no BEGIN, or not its END"),
        (block("MAJh"), "a text whose block 1 is cut short, or nothing"),
        (block("Name: shop\n\nMAJhYg=="), "a text in which a block has headers, or an empty line in the middle"),
    ],
)
def test_it_is_said_why_it_is_not_clear_what_a_person_means(text, why):
    with pytest.raises(UnreadableError) as refused:
        x509.written(text, CHAIN)
    assert str(refused.value) == why


def test_blocks_that_do_not_begin_as_they_must_are_counted():
    text = f"pem: {ROOT.certificate}{MIDDLE.certificate}#{LEAF.certificate}"
    assert x509.passed_over(text.encode(), BUNDLE) == 1
