"""What a program declares is held against the rules before any of it is registered."""

import json
import logging

import pulumi
import pulumi_kubernetes as kubernetes
import pytest

from istio_ingress import (
    CertificateAuthority,
    HttpbinIngress,
    MutualTlsGateway,
    TlsGateway,
    restricted_namespace,
    rules,
)
from istio_ingress.preview import review
from tests.unit.certificates import Authority
from tests.unit.components import engine

SELECTOR = {"istio": "ingressgateway"}


def raw_gateway(host, name="raw", credential="raw", mode="SIMPLE", selector=SELECTOR, annotations=None, **opts):
    server = {
        "port": {"number": 443, "name": "https", "protocol": "HTTPS"},
        "hosts": [host],
        "tls": {"mode": mode, "credentialName": credential},
    }
    return kubernetes.apiextensions.CustomResource(
        name,
        api_version="networking.istio.io/v1",
        kind="Gateway",
        metadata={"namespace": "istio-system", "name": name, "annotations": annotations or {}},
        spec={"selector": selector, "servers": [server]},
        opts=pulumi.ResourceOptions(**opts),
    )


def raw_service(name, port, **opts):
    return kubernetes.core.v1.Service(
        name,
        metadata=kubernetes.meta.v1.ObjectMetaArgs(name=name, namespace="default"),
        spec=kubernetes.core.v1.ServiceSpecArgs(ports=[kubernetes.core.v1.ServicePortArgs(port=port, target_port=9)]),
        opts=pulumi.ResourceOptions(**opts),
    )


def raw_secret(name, pair):
    metadata = {"namespace": "istio-system", "name": name}
    return kubernetes.core.v1.Secret(
        name, metadata=metadata, string_data={"tls.crt": pair.certificate, "tls.key": pair.key}
    )


def web(name="web", host="shop.example", **args):
    return TlsGateway(name, {"hosts": [{"host": host, "backend": {"service": "cart", "port": 80}}], **args})


@pytest.fixture
def declare(declare):
    """Runs a program from its `import istio_ingress` on, which in a test has happened long ago."""

    def run(program, **config):
        return declare(lambda: review.watch() or (program() and None), **config)

    return run


@pytest.fixture
def refused(declare, monkeypatch):
    """Runs a program that must be refused; what the person reads, and what was registered nevertheless."""

    def run(program, **config):
        declared = engine.Declared()
        monkeypatch.setattr(engine, "Declared", lambda: declared)
        with pytest.raises(pulumi.RunError) as error:
            declare(program, **config)
        return str(error.value), declared

    return run


@pytest.fixture
def real(monkeypatch):
    """As with a real engine, whose certificates are not made up."""
    monkeypatch.setattr(review, "is_mocked", lambda: False)


@pytest.fixture
def log(caplog):
    """What was logged at a level."""
    caplog.set_level(logging.INFO)
    return lambda level: "\n".join(r.getMessage() for r in caplog.records if r.levelname == level)


def test_a_mistake_within_one_component_is_found_before_anything_is_registered(refused):
    routes = [{"prefix": "/", "service": "cart", "port": 80}, {"prefix": "/v1", "service": "api", "port": 80}]
    message, declared = refused(lambda: HttpbinIngress("shop", {"routes": routes}))
    assert "route-unreachable: VirtualService default/shop-http" in message
    assert declared.resources == []


def test_two_components_are_held_against_each_other(refused):
    message, declared = refused(lambda: [web("one"), web("two")])
    assert "host-conflict: Gateway default/two-tls" in message
    assert "also on Gateway default/one-tls" in message
    assert declared.resources == []


def test_components_at_peace_are_registered(declare):
    def program():
        web("one", "one.example")
        web("two", "two.example")

    assert {r.name for r in declare(program).of("Gateway")} == {"one-gateway", "two-gateway"}


@pytest.mark.parametrize("order", [1, -1], ids=["raw first", "component first"])
def test_a_component_and_a_raw_gateway_are_held_against_each_other(refused, order):
    makers = [lambda: raw_gateway("shop.example"), web][::order]
    message, declared = refused(lambda: [make() for make in makers])
    assert "host-conflict" in message
    assert "Gateway istio-system/raw" in message
    assert "Gateway default/web-tls" in message
    assert declared.resources == []


def test_a_raw_service_written_with_args_classes_is_understood(refused):
    message, _ = refused(lambda: [raw_service("cart", 8080), web()])
    assert "route-port-missing" in message
    assert "The port is 80, and 'cart' has 8080" in message


def test_a_service_that_is_only_read_exists(declare):
    def program():
        raw_service("other", 80)
        kubernetes.core.v1.Service.get("cart", "default/cart")
        web()

    assert declare(program).of("Gateway")


def test_all_mistakes_are_named_at_once_with_what_would_be_right(refused):
    def program():
        web("one")
        web("two", gateway_name="one-tls")
        raw_gateway("raw.example", credential="shop/raw")
        raw_gateway("raw.example", name="rough")
        raw_service("card", 80)

    message, declared = refused(program)
    assert message.startswith("6 mistakes")
    for rule in ("host-conflict", "resource-repeated", "credential-name-qualified", "route-service-missing"):
        assert f"\n  {rule}: " in message
    assert "Write 'raw'" in message
    assert '(declared as "two-gateway")' in message
    assert declared.resources == []


def test_an_output_that_needs_no_engine_is_known_before_anything_is_registered(refused):
    message, declared = refused(lambda: [raw_gateway(pulumi.Output.concat("shop", ".example")), web()])
    assert "host-conflict" in message
    assert declared.resources == []


def test_what_is_not_known_yet_is_no_finding(declare):
    def program():
        cart = raw_service("cart", 80)
        raw_gateway(cart.metadata["name"].apply(lambda name: f"{name}.example"))
        web(host="cart.example")

    assert {r.name for r in declare(program).of("Gateway")} == {"raw", "web-gateway"}


def test_what_becomes_known_later_is_judged_then(real, refused, monkeypatch):
    monkeypatch.setattr("istio_ingress.preview.review.is_dry_run", lambda: True)

    def program():
        other = raw_service("other", 80)
        raw_gateway(other.metadata["name"].apply(lambda name: f"{name}.example"), credential="other")
        raw_gateway("other.example", "twin")

    message, _ = refused(program)
    assert "host-conflict" in message


def test_given_certificates_are_judged_before_anything_is_registered(real, refused):
    pair = Authority("shop CA").issue("cart.example")

    def program():
        raw_secret("raw", pair)
        raw_gateway("shop.example")

    message, declared = refused(program)
    assert "certificate-host-uncovered: Gateway istio-system/raw" in message
    assert "PRIVATE KEY" not in message
    assert declared.resources == []


def test_a_given_client_ca_is_judged_beside_certificates_that_are_not_issued_yet(real, refused):
    no_authority = Authority("shop CA").issue("cart.example").certificate
    hosts = [{"host": "shop.example", "backend": {"service": "cart", "port": 80}}]
    args = {"hosts": hosts, "client_ca": no_authority}
    message, declared = refused(lambda: MutualTlsGateway("web", args))
    assert "ca-bundle-invalid: Secret istio-system/web-shop-example" in message
    assert declared.resources == []


def test_a_gateway_waits_for_the_verdict_on_certificates_that_are_issued(real, refused):
    message, declared = refused(lambda: web())  # the recording engine issues text that is no certificate
    assert "certificate-unreadable: Secret istio-system/web-shop-example" in message
    assert declared.of("LocallySignedCert")
    assert not declared.of("Gateway")


def test_certificates_made_up_by_mocks_are_not_read(declare):
    assert declare(lambda: web()).of("Gateway")


def test_a_later_resource_is_held_against_the_earlier_ones(real, refused, monkeypatch):
    monkeypatch.setattr("istio_ingress.preview.review.is_dry_run", lambda: True)

    def program():
        raw_gateway("shop.example", credential="other")
        raw_service("cart", 80).id.apply(lambda _: raw_gateway("shop.example", "late"))

    message, declared = refused(program)
    assert "host-conflict: Gateway istio-system/late" in message
    assert [r.name for r in declared.of("Gateway")] == ["raw"]


def test_two_clusters_are_not_held_against_each_other(declare):
    def program():
        web()
        raw_gateway("shop.example", provider=kubernetes.Provider("other", kubeconfig="{}"))

    assert {r.name for r in declare(program).of("Gateway")} == {"raw", "web-gateway"}


def test_a_namespace_of_the_program_is_known_by_the_name_it_will_have(refused):
    def program():
        namespace = restricted_namespace("shop")
        raw_service("card", 80)
        web(namespace=namespace)
        web("other", "other.example", namespace=namespace, gateway_name="web-tls")

    message, _ = refused(program)
    assert "resource-repeated: Gateway shop/web-tls" in message


def deploying(name, **args):
    return TlsGateway(name, {"hosts": [{"host": f"{name}.example", "workload": {"name": "bin"}}], **args})


def test_two_components_that_own_one_workload_are_refused_though_it_is_the_same(refused):
    message, declared = refused(lambda: deploying("one") and deploying("two"))
    assert declared.of("Deployment") == declared.of("Service") == []
    for kind in ("Deployment", "Service"):
        assert f'resource-repeated: {kind} default/bin (declared as "two-two-example") metadata.name' in message
    assert 'It is declared twice, by "one-one-example" and by "two-two-example"' in message


def test_two_workloads_of_one_name_in_two_namespaces_are_two(declare):
    declared = declare(lambda: deploying("one") and deploying("two", namespace="shop"))
    assert len(declared.of("Deployment")) == 2


def test_a_workload_that_is_deployed_once_is_named_as_a_backend_elsewhere(declare):
    def program():
        deploying("one")
        hosts = [{"host": "two.example", "backend": {"service": "bin", "port": 8000}}]
        TlsGateway("two", {"hosts": hosts})

    assert len(declare(program).of("Deployment")) == 1


def test_a_service_that_is_only_read_is_nobodys(declare):
    def program():
        kubernetes.core.v1.Service.get("one", "default/cart")
        kubernetes.core.v1.Service.get("two", "default/cart")

    declare(program)


def test_equal_names_of_two_components_do_not_mix_up_their_credentials(declare):
    def program():
        authority = CertificateAuthority("ca", {}).issuer
        hosts = [{"host": "shop.example", "backend": {"service": "cart", "port": 80}}]
        TlsGateway("web", {"hosts": hosts, "authority": authority})
        MutualTlsGateway("web", {"hosts": hosts, "authority": authority, "gateway": {"https_port": 8443}})

    assert len(declare(program).of("Gateway")) == 2


def test_a_credential_is_looked_for_where_the_pods_of_a_gateway_run(refused):
    def program():
        kubernetes.core.v1.Secret("theirs", metadata={"namespace": "default", "name": "theirs"})
        TlsGateway(
            "web",
            {
                "gateway": {"namespace": "edge", "selector": {"istio": "edge"}},
                "hosts": [{"host": "shop.example", "existing_credential": "theirs"}],
            },
        )

    message, declared = refused(program)
    assert "credential-namespace: Gateway default/web-tls" in message
    assert "the gateway's pods run in 'edge'" in message
    assert declared.resources == []


def test_labels_are_read_as_people_wrote_them(refused):
    labels = {"my_gateway": "edge"}

    def program():
        kubernetes.apps.v1.Deployment(
            "edge",
            metadata={"namespace": "edge", "name": "edge"},
            spec=kubernetes.apps.v1.DeploymentSpecArgs(
                selector={"match_labels": labels},
                template=kubernetes.core.v1.PodTemplateSpecArgs(
                    metadata=kubernetes.meta.v1.ObjectMetaArgs(labels=labels), spec={"containers": []}
                ),
            ),
        )
        kubernetes.core.v1.Secret("raw", metadata={"namespace": "default", "name": "raw"})
        raw_gateway("shop.example", selector=labels)

    message, _ = refused(program)
    assert "the gateway's pods run in 'edge'" in message


def test_a_waived_rule_lets_pass_and_shows_its_reason(declare, log):
    waivers = json.dumps({"host-conflict": "one moves out on Friday"})
    declared = declare(lambda: [web("one"), web("two")], waivers=waivers)
    assert len(declared.of("Gateway")) == 2
    assert "waived, because one moves out on Friday: host-conflict: Gateway default/two-tls" in log("INFO")


def test_one_finding_is_waived_by_rule_and_object(declare, refused, log):
    waivers = json.dumps({"host-conflict Gateway default/two-tls": "one moves out on Friday"})
    assert len(declare(lambda: [web("one"), web("two")], waivers=waivers).of("Gateway")) == 2
    assert "waived, because one moves out on Friday: host-conflict: Gateway default/two-tls" in log("INFO")
    message, _ = refused(lambda: [web("one"), web("three")], waivers=waivers)
    assert "host-conflict: Gateway default/three-tls" in message


def test_one_finding_is_waived_on_the_object_itself(declare, log):
    def program():
        web("one")
        raw_gateway("shop.example", annotations={"istio-ingress/waive": "host-conflict: this one goes on Friday"})

    declare(program)
    assert "waived, because this one goes on Friday: host-conflict: Gateway" in log("INFO")


def test_a_waiver_that_has_no_effect_any_more_is_a_warning(declare, log):
    declared = declare(lambda: web("one"), waivers=json.dumps({"host-conflict": "old"}))
    assert len(declared.of("Gateway")) == 1
    assert log("WARNING").count("waiver-unused: Setting waivers host-conflict: The waiver of host-conflict") == 1


def test_a_rule_can_be_graded(declare, log):
    severities = json.dumps({"host-conflict": "warning"})
    assert len(declare(lambda: [web("one"), web("two")], severities=severities).of("Gateway")) == 2
    assert "host-conflict: Gateway default/two-tls" in log("WARNING")


@pytest.mark.parametrize(
    ("waivers", "words"),
    [
        ({"host-conflicts": "?"}, "istio-ingress:waivers: there is no rule 'host-conflicts' to waive"),
        ({"host-conflict": " "}, "the waiver of host-conflict gives no reason"),
        (["host-conflict"], "istio-ingress:waivers is not a mapping from rule to reason"),
    ],
)
def test_a_waiver_that_waives_nothing_is_refused(refused, waivers, words):
    message, declared = refused(lambda: web(), waivers=json.dumps(waivers))
    assert words in message
    assert declared.resources == []


def test_a_warning_is_shown_once_and_stops_nothing(declare, log):
    def program():
        for name, service in (("one", "cart"), ("two", "site")):
            HttpbinIngress(name, {"hosts": ["shop.example"], "backend": {"service": service, "port": 80}})

    assert len(declare(program).of("Gateway")) == 2
    assert log("WARNING").count("virtualservice-host-repeated: VirtualService default/two") == 1


def test_production_asks_more(declare, log):
    program = lambda: HttpbinIngress("any", {"hosts": ["*"]})  # noqa: E731
    declare(program)
    assert "wildcard-host-in-production" not in log("WARNING")
    declare(program, production="true")
    assert "wildcard-host-in-production: Gateway default/any-http" in log("WARNING")


def test_a_field_that_the_running_istio_does_not_know_is_refused(refused, declare):
    program = lambda: web(key_algorithms=["ecdsa-p256", "rsa-2048"])  # noqa: E731
    message, declared = refused(program, istio_version="1.26")
    assert "field-too-new: Gateway default/web-tls" in message
    assert "credentialNames came with Istio 1.27" in message
    assert declared.resources == []


def test_an_istio_version_that_is_none_is_refused(refused):
    message, declared = refused(lambda: web(), istio_version="latest")
    assert "istio_version is 'latest'" in message
    assert declared.resources == []


@pytest.mark.parametrize(
    ("form", "needed"),
    [
        ("resource", {"cart"}),
        ("list", {"cart"}),
        ("output", {"cart", "other"}),
        ("output of one", {"cart", "other"}),
    ],
)
@pytest.mark.parametrize("kind", ["Gateway", "Shop"])  # a provider's class has made a list of it; a component's has not
def test_what_a_resource_depends_on_stays(declare, form, needed, kind):
    def program():
        cart, other = raw_service("cart", 80), raw_service("other", 80)
        forms = {
            "resource": cart,
            "list": [cart],
            "output": other.id.apply(lambda _: [cart]),
            "output of one": other.id.apply(lambda _: cart),
        }
        raw_gateway("shop.example", depends_on=forms[form])
        pulumi.ComponentResource("any:index:Shop", "shop", {}, pulumi.ResourceOptions(depends_on=forms[form]))

    assert declare(program).one(kind).depends_on == needed


def test_many_components_are_judged_once(declare, monkeypatch):
    judged = []
    check = rules.check
    monkeypatch.setattr(rules, "check", lambda *args, **named: judged.append(args) or check(*args, **named))
    declare(lambda: [web(f"web{n}", f"shop{n}.example") for n in range(20)])
    assert len(judged) == 1
