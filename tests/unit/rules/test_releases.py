"""What the release of Istio that runs does not know yet."""

import pytest

from tests.unit.rules.build import check, gateway, https

BOTH = gateway("shop", https("a.b", credentialName=None, credentialNames=["rsa", "ecdsa"]))
CA = gateway("shop", https("a.b", mode="MUTUAL", caCertCredentialName="clients-cacert"))


def too_new(manifest, version):
    return [f.message for f in check(manifest, istio_version=version) if f.rule == "field-too-new"]


@pytest.mark.parametrize("version", ["1.22", "1.26", "1.26.3", "v1.26.0"])
def test_two_credentials_are_too_new_before_1_27(version):
    (message,) = too_new(BOTH, version)
    assert message.startswith("credentialNames came with Istio 1.27; 1.2")


@pytest.mark.parametrize("version", ["1.27", "1.27.0-rc.0", "1.31"])
def test_two_credentials_are_fine_from_1_27_on(version):
    assert too_new(BOTH, version) == []


def test_a_ca_credential_is_too_new_before_1_28():
    assert len(too_new(CA, "1.27")) == 1
    assert too_new(CA, "1.28") == []
