"""The programs on the page about certificates do what it says they do."""

import re
from pathlib import Path

import pulumi
import pytest
from cryptography import x509

from tests.unit.certificates import Authority
from tests.unit.components import engine
from tests.unit.components.secrets import contents

PAGE = (Path(__file__).parents[3] / "docs" / "certificates.md").read_text()
COMPANY = Authority("company", days=3650)
SHOP, LAPTOP = COMPANY.issue("given.shop.test"), COMPANY.issue("laptop")
ANSWERS = {
    "privateKey:PrivateKey": {"privateKeyPem": COMPANY.key},
    "selfSignedCert:SelfSignedCert": {"certPem": COMPANY.certificate},
    "locallySignedCert:LocallySignedCert": {"certPem": LAPTOP.certificate},
}


@pytest.fixture
def run(declare, monkeypatch):
    """Runs the program below a heading of the page."""

    def program(heading, **config):
        text = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
        (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
        exported = {}
        monkeypatch.setattr(pulumi, "export", exported.__setitem__)
        return declare(lambda: exec(code, {}) or exported, **config)

    return program


def test_the_revocation_program_revokes_the_named_client_and_the_serial_number(run, monkeypatch):
    for kind, answer in ANSWERS.items():
        monkeypatch.setitem(engine._ANSWERS, f"tls:index/{kind}", lambda name, _, answer=answer: answer)
    crl = x509.load_pem_x509_crl(run("Revocation", revoked='["laptop"]').outputs["crl"].encode())
    laptop = x509.load_pem_x509_certificate(LAPTOP.certificate.encode())
    assert {entry.serial_number for entry in crl} == {0x0A1B2C, laptop.serial_number}


def test_the_program_with_given_certificates_serves_them(run):
    declared = run(
        "Given certificates",
        company_certificate=COMPANY.certificate,
        company_key=COMPANY.key,
        shop_certificate=SHOP.certificate,
        shop_key=SHOP.key,
    )
    given = contents(declared.one("Secret", "shop-given-shop-test-given"))
    assert given == {"tls.crt": SHOP.certificate, "tls.key": SHOP.key}
    issued = contents(declared.one("Secret", "shop-issued-shop-test-ecdsa-p256"))
    assert issued["tls.crt"].endswith(engine.pem("CERTIFICATE", "shop-ca-certificate"))
    assert declared.outputs["ca_certificate"] == COMPANY.certificate
