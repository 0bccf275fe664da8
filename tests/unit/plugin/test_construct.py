"""What programs in other languages send is what Python says, and what they get back is theirs."""

import json
from typing import Any

import pulumi
import pytest

import istio_ingress
from istio_ingress.plugin import values
from istio_ingress.plugin.annotations import fields, is_choice
from istio_ingress.plugin.host import COMPONENTS, Host
from istio_ingress.plugin.spelling import camel
from tests.unit.components import engine
from tests.unit.components.least import least

BACKEND = {"service": "cart", "port": 80}
# As Python has them: every kind of field, in lists, in mappings by name, in one another.
ARGUMENTS = {
    "CertificateAuthority": {"common_name": "shop.example", "key_algorithm": "rsa-2048", "max_leaf_days": 90},
    "HttpGateway": {
        "gateway": {"namespace": "edge", "selector": {"my_own/label": "edge"}, "http_port": 8080},
        "hosts": [
            {
                "host": "shop.example",
                "routes": [
                    {
                        "prefix": "/api/",
                        "ignore_case": True,
                        "headers": {"x_tier": {"exact": "gold"}},
                        "backends": [
                            {"service": "cart", "port": 8080, "weight": 90},
                            {"service": "cart-next", "port": 8080, "weight": 10},
                        ],
                        "retries": {"attempts": 3, "per_try_timeout": "2s", "retry_on": ["5xx", "reset"]},
                        "fault": {"delay": {"fixed_delay": "1s", "percent": 0.5}},
                    },
                    {"exact": "/old", "redirect": {"path": "/new", "status": 301}},
                    {"prefix": "/", "service": "site", "port": 80},
                ],
            }
        ],
    },
    "MutualTlsGateway": {
        "hosts": [{"host": "shop.example", "backend": BACKEND, "leaf_generation": 2, "key_algorithms": ["rsa-2048"]}],
        "verification": "OPTIONAL_MUTUAL",
        "clients": [{"name": "phone", "validity_days": 30, "renew_before_days": 5}],
        "https_redirect": True,
    },
    "ServiceBackend": {**BACKEND, "protocol": "http2", "load_balancer": {"simple": "RANDOM"}},
}


SIGNATURE, SECRET = "4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"
OWN_NAMES = {"my_own/label", "x_tier"}


def sent(value):
    """A value as the engine hands it over: the names of fields in camel case, every number a fraction."""
    if isinstance(value, dict):
        return {key if key in OWN_NAMES else camel(key): sent(item) for key, item in value.items()}
    if isinstance(value, list):
        return [sent(item) for item in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def construct(kind, inputs, name="any"):
    """What `Host` makes of it, with the error that the caller would be shown."""
    try:
        return Host().construct(name, f"istio-ingress:index:{kind}", inputs)
    except pulumi.InputPropertiesError as refused:
        raise pulumi.RunError(refused.message) from None


def outcome(construct):
    """All that is declared, in any order."""
    made = engine.declare(lambda: construct() and None).resources
    return sorted(((one.type, one.name, one.inputs) for one in made), key=lambda made: made[:2])


@pytest.mark.parametrize("kind", ARGUMENTS)
def test_arguments_mean_what_they_mean_in_python(kind):
    args = ARGUMENTS[kind]
    made = outcome(lambda: construct(kind, sent(args)))
    assert made == outcome(lambda: getattr(istio_ingress, kind)("any", args))
    assert len(made) > 1


def sample(one):
    """A value of a type, as Python has it; no more of a type than is needed where it holds itself."""
    if one.items:
        return [sample(one.items)]
    if one.by_name:
        return {"a_name": sample(one.by_name)}
    if is_choice(one.type):
        return next(iter(one.type)).value
    basic = {bool: True, int: 3, float: 1.5, str: "text", Any: {"a_field": [2]}}
    return basic[one.type] if one.type in basic else {name: sample(field) for name, field in fields(one.type).items()}


def renamed(value, one):
    """The same, as the engine hands it over."""
    if one.items:
        return [renamed(item, one.items) for item in value]
    if one.by_name:
        return {name: renamed(item, one.by_name) for name, item in value.items()}
    if isinstance(value, dict) and one.type is not Any:
        return {camel(name): renamed(value[name], field) for name, field in fields(one.type).items()}
    return float(value) if one.type is int else value


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda component: component.__name__)
def test_every_field_is_told_by_its_python_name_and_kind(component):
    takes = fields(component._takes)
    args = {name: sample(one) for name, one in takes.items()}
    told = values.arguments({camel(name): renamed(args[name], one) for name, one in takes.items()}, component._takes)
    assert repr(told) == repr(args)  # where 3 is not 3.0


def test_a_mapping_that_becomes_known_later_means_the_same(declare):
    gateway = {"namespace": "edge", "httpPort": 8080.0}
    made = declare(
        lambda: (
            construct(
                "HttpGateway",
                {"gateway": pulumi.Output.secret(gateway), "hosts": [{"host": "a.test", "backend": BACKEND}]},
            )
            and None
        )
    )
    assert made.manifest("Gateway")["spec"]["servers"][0]["port"]["number"] == 8080


def test_a_secret_wrapped_in_an_output_is_opened_and_stays_a_secret():
    def program():
        authority = {**istio_ingress.CertificateAuthority("ca", {}).issuer}
        authority = {camel(name): value for name, value in authority.items()}
        wrapped = authority["privateKey"].apply(lambda key: {SIGNATURE: SECRET, "value": key})
        whole = {**authority, "privateKey": pulumi.Output.unsecret(wrapped)}
        for name, sent_as in {"one": whole, "two": pulumi.Output.from_input(whole)}.items():
            hosts = [{"host": f"{name}.test", "backend": BACKEND}]
            construct("TlsGateway", {"authority": sent_as, "hosts": hosts}, name)

    both = engine.declare(program).of("LocallySignedCert")
    assert len(both) == 2
    for signed in both:
        assert signed.inputs["caPrivateKeyPem"] == engine.pem("PRIVATE KEY", "ca-g1-key")
        assert ("caPrivateKeyPem",) in signed.secrets


@pytest.mark.parametrize(
    ("inputs", "sentence"),
    [
        (
            {"httpsRedirekt": True},
            'TlsGateway "any": httpsRedirekt is True, but must be left out: the fields are annotations, apiVersion',
        ),
        ({"hosts": [{"host": "a.test", "leafGeneration": 0.0}]}, "hosts[0].leafGeneration is 0, but must be"),
        ({"validityDays": 1.5}, "validityDays is 1.5, but must be"),
        ({"minTls": "TLSV9"}, "minTls is 'TLSV9', but must be one of 'TLSV1_0'"),
        ({"hosts": "a.test"}, "hosts is 'a.test', but must be a list"),
        ({"minTls": "TLSV1_0"}, "minTls is 'TLSV1_0', but must be TLSV1_2 or newer where no cipherSuites are named"),
    ],
)
def test_a_mistake_is_told_in_the_callers_spelling_and_nothing_is_declared(declare, inputs, sentence):
    def program():
        with pytest.raises(pulumi.RunError) as refused:
            construct("TlsGateway", inputs)
        said.append(str(refused.value))

    said = []
    assert declare(program).resources == []
    assert sentence in said[0]


def test_an_unknown_component_is_told_with_those_that_there_are():
    with pytest.raises(pulumi.InputPropertiesError, match=r"istio-ingress:index:Teapot is no component .*TlsGateway"):
        Host().construct("any", "istio-ingress:index:Teapot", {})


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda component: component.__name__)
def test_a_component_gives_back_what_the_schema_says(component):
    kind = f"istio-ingress:index:{component.__name__}"
    made = []
    engine.declare(lambda: made.append(Host().construct("any", kind, sent(least(component)))))
    assert set(made[0].state) == set(json.loads(Host().schema)["resources"][kind]["properties"])


def test_an_authority_made_for_another_language_signs_and_its_key_stays_a_secret():
    def program():
        authority = construct("CertificateAuthority", {"maxLeafDays": 100.0}, "ca")
        issuer = authority.state["issuer"]
        gateway = {"authority": issuer, "hosts": [{"host": "a.test", "backend": BACKEND}]}
        construct("TlsGateway", gateway | {"validityDays": 90.0}, "web")
        return {"key": authority.state["privateKey"], "issuer": issuer["privateKey"], "days": issuer["maxLeafDays"]}

    declared = engine.declare(program)
    assert declared.outputs["days"] == 100
    assert {"key", "issuer"} <= declared.secret_outputs
    signed = declared.one("LocallySignedCert")
    assert signed.inputs["caCertPem"] == engine.pem("CERTIFICATE", "ca-g1-certificate")
    assert ("caPrivateKeyPem",) in signed.secrets
