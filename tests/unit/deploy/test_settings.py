"""What the repository's own stack refuses in its configuration."""

import json

import pulumi
import pytest

import settings


@pytest.fixture
def told(monkeypatch):
    """Has the language host hand over these keys, with or without the project's name."""

    def tell(**keys):
        monkeypatch.setenv("PULUMI_CONFIG", json.dumps({f"istio-ingress:{key}": value for key, value in keys.items()}))

    return tell


@pytest.mark.parametrize(
    ("key", "end"), [("namespce", "; is namespace meant?"), ("domian", "; is domain meant?"), ("colour", ".")]
)
def test_a_key_that_nobody_declared_is_refused_with_the_one_that_is_meant(told, key, end):
    told(domain="example.com", **{key: "x"})
    with pytest.raises(pulumi.RunError, match=rf"^Config {key} is not declared in Pulumi.yaml{end.replace('?', '.')}$"):
        settings.read()


def test_every_declared_key_and_those_of_providers_are_known(told, monkeypatch):
    told(domain="example.com", waivers="{}", production="false", certificate_due_days="3")
    settings._refuse_unknown_keys()
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps({"kubernetes:context": "lab", "aws:region": "eu-west-1"}))
    settings._refuse_unknown_keys()


@pytest.mark.parametrize(
    "domain",
    [
        "",
        "two\nlines",
        "example.com\n",
        "Shop.Example",
        "a b",
        "example.com.",
        "*.example.com",
        f"{'a' * 60}.shop.example",
    ],
)
def test_a_domain_that_is_none_is_answered_with_a_sentence_about_the_domain(monkeypatch, domain):
    monkeypatch.setattr(pulumi.Config, "require", lambda *_: domain)
    with pytest.raises(pulumi.RunError, match=r"^Config domain is .*, but must be a DNS name in lower case"):
        settings._domain(pulumi.Config("istio-ingress"))


@pytest.mark.parametrize("domain", ["example.com", "lab", "xn--bcher-kva.example", "k-e2e-1a.example.com"])
def test_a_domain_that_is_one_is_taken(monkeypatch, domain):
    monkeypatch.setattr(pulumi.Config, "require", lambda *_: domain)
    assert settings._domain(pulumi.Config("istio-ingress")) == domain
