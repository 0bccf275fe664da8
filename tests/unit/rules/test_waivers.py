"""One finding is waived by rule and object, in the settings or on the object; a waiver that does nothing is said."""

import pytest

from istio_ingress import rules
from tests.unit.rules import build
from tests.unit.rules.build import check, gateway, http, https
from tests.unit.rules.material import NOW

NAME, UNUSED, INVALID = "gateway-name", "waiver-unused", "waiver-invalid"


def bad(name="a.b", waive=None, **options):
    annotations = {} if waive is None else {"annotations": {"istio-ingress/waive": waive}}
    return gateway(name, http("shop.example"), selector={"istio": name}, **annotations, **options)


def said(*manifests, **settings):
    return [(one.rule, one.resource, one.waived) for one in check(*manifests, **settings)]


def test_the_settings_waive_a_rule_for_one_object_only():
    waivers = {"gateway-name Gateway shop/a.b": "until May"}

    assert said(bad("a.b"), bad("c.d"), waivers=waivers) == [
        (NAME, "Gateway shop/a.b", "until May"),
        (NAME, "Gateway shop/c.d", ""),
    ]


def test_an_object_waives_rules_for_itself_a_line_each():
    waive = "gateway-name: until May\n\n  tls-mode-missing:  Istio's default: it is what we want \n"
    one = gateway(
        "a.b", https("shop.example", mode=""), selector={"a": "b"}, annotations={"istio-ingress/waive": waive}
    )

    assert said(one, bad("c.d")) == [
        (NAME, "Gateway shop/a.b", "until May"),
        ("tls-mode-missing", "Gateway shop/a.b", "Istio's default: it is what we want"),
        (NAME, "Gateway shop/c.d", ""),
    ]


def test_an_objects_own_reason_comes_first_and_none_counts_as_unused():
    waivers = {NAME: "everywhere", "gateway-name Gateway shop/a.b": "here"}

    assert said(bad(waive="gateway-name: itself"), waivers=waivers) == [(NAME, "Gateway shop/a.b", "itself")]
    assert said(bad(), waivers=waivers) == [(NAME, "Gateway shop/a.b", "here")]


@pytest.mark.parametrize("key", [NAME, "gateway-name Gateway shop/gone", "gateway-name Gateway shop/web"])
def test_a_waiver_of_the_settings_that_waives_nothing_is_said(key):
    (finding,) = check(bad("web"), waivers={key: "old"})

    assert (finding.rule, finding.severity, finding.path) == (UNUSED, rules.Severity.WARNING, key)
    assert str(finding).startswith("warning waiver-unused: Setting waivers gateway-name")


def test_an_annotation_that_waives_nothing_is_said():
    assert said(bad("web", waive="gateway-name: old")) == [(UNUSED, "Gateway shop/web", "")]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("gateway-name", "The waiver of gateway-name gives no reason, so it does not hold."),
        ("gateway-name: ", "The waiver of gateway-name gives no reason, so it does not hold."),
        ("gateway-names: so", "There is no rule 'gateway-names' to waive; 'gateway-name' is one."),
        ("so it is", "There is no rule 'so it is' to waive."),
    ],
)
def test_an_annotation_that_cannot_waive_is_said_and_waives_nothing(line, message):
    name, invalid = sorted(check(bad(waive=line)), key=lambda one: one.rule)

    assert (name.rule, name.waived) == (NAME, "")
    assert (invalid.rule, invalid.message, invalid.path) == (
        INVALID,
        message,
        "metadata.annotations[istio-ingress/waive]",
    )


def test_nothing_is_called_unused_that_a_value_may_still_need():
    unknown = bad(rules.UNKNOWN, waive="gateway-name: until May")

    assert said(unknown) == []
    assert said(unknown, waivers={"host-conflict": "so"}) == []


def test_an_unknown_secret_hides_no_unused_waiver_but_those_of_what_is_in_it():
    secret = build.secret("web", tls_crt=rules.UNKNOWN)

    assert said(bad("web"), secret, waivers={"host-conflict": "so"}) == [(UNUSED, "Setting waivers", "")]
    assert said(bad("web"), secret, waivers={"certificate-expired": "so"}) == []


def test_nothing_is_called_unused_that_an_unknown_service_may_still_need():
    routes = build.virtual_service("shop", "shop.example", http=[build.route("cart", port=8000)])
    cart = build.manifest("Service", "cart", rules.UNKNOWN)

    assert said(routes, cart, waivers={"route-port-missing": "so"}) == []
    assert said(routes, cart, waivers={"host-conflict": "so"}) == [(UNUSED, "Setting waivers", "")]


def test_an_annotation_without_a_reason_does_not_hide_the_settings_reason():
    assert sorted(said(bad(waive="gateway-name"), waivers={NAME: "until May"})) == [
        (NAME, "Gateway shop/a.b", "until May"),
        (INVALID, "Gateway shop/a.b", ""),
    ]


def test_nothing_is_called_unused_whose_rule_was_not_run():
    only = [rule for rule in rules.all_rules() if rule.id in (UNUSED, "host-conflict")]

    def found(waive):
        return [one.rule for one in rules.check([bad(waive=waive)], now=NOW, only=only)]

    assert found("gateway-name: until May") == []
    assert found("host-conflict: so") == [UNUSED]


def test_a_waiver_that_waives_nothing_can_be_waived():
    assert said(bad("web"), waivers={NAME: "old", UNUSED: "the doctor needs it"}) == [
        (UNUSED, "Setting waivers", "the doctor needs it")
    ]


def test_an_annotation_of_another_shape_waives_nothing():
    assert (NAME, "Gateway shop/a.b", "") in said(bad(waive=["gateway-name: so"]))


def test_a_programs_object_goes_by_its_name_in_the_program_too():
    declared = rules.Manifest(bad(), "web-gateway")

    assert said(declared, waivers={"gateway-name Gateway web-gateway": "so"}) == [(NAME, "Gateway shop/a.b", "so")]


def test_a_rule_is_graded_otherwise():
    (finding,) = check(bad(), severities={NAME: "warning"})

    assert finding.severity is rules.Severity.WARNING


def rules_of(clusters):
    return [[one.rule for one in found] for found in rules.of_several_clusters(clusters)]


def test_of_several_clusters_a_setting_is_at_fault_only_where_all_say_so():
    waivers = {NAME: "old"}
    clusters = [check(bad("web"), waivers=waivers), check(bad("a.b"), waivers=waivers)]
    assert rules_of(clusters) == [[], [NAME]]

    clusters = [check(bad("web"), waivers=waivers), check(bad("blog"), waivers=waivers)]
    assert rules_of(clusters) == [[UNUSED], []]


@pytest.mark.parametrize(
    ("metadata", "is_judged"),
    [
        ({"name": "SVC_NAME"}, False),
        ({"name": "web", "namespace": "SVC_NAMESPACE_2"}, False),
        ({"name": "a.b"}, True),
        ({"name": "WEB"}, True),
        ({"name": "web_shop"}, True),
    ],
)
def test_what_sed_has_yet_to_fill_is_not_judged(metadata, is_judged):
    assert bool(check({**bad(), "metadata": metadata})) == is_judged


def test_kinds_that_no_rule_reads_are_counted():
    manifests = [
        bad(),
        {"apiVersion": "serving.knative.dev/v1", "kind": "Service", "metadata": {}},
        *[{"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {}}] * 2,
        {"replicas": 3},
        {"kind": "Gateway", "metadata": {"name": "web"}},
        {"apiVersion": "security.istio.io/v1", "kind": "PeerAuthentication", "metadata": {"name": "web"}},
        {**bad(), "metadata": {"name": "SHOP_NAME"}},
    ]

    assert rules.not_read(manifests) == {
        "HTTPRoute": 2,
        "Service.serving.knative.dev": 1,
        "template": 1,
        "without apiVersion and kind": 1,
    }
