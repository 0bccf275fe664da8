"""Matches, ports, delegates, rewrites, retries and policies that come to nothing, and those that look like it."""

import pytest

from istio_ingress.rules import UNKNOWN
from tests.unit.rules.build import check, gateway, http, manifest, names, pods, route, service, virtual_service

PODS = pods(istio="ingressgateway")
WEB = gateway("shop", http("shop.example", "*.blog.example"))


def rule_names(*documents, **settings):
    return [one.partition(":")[0] for one in names(*documents, **settings)]


def shop(*routes, **options):
    return virtual_service("shop", "shop.example", http=list(routes), **options)


def matching(*hosts, gateways=("shop",), **match):
    return virtual_service("shop", *hosts, gateways=gateways, http=[route("cart", match), route("site")])


# The authority


@pytest.mark.parametrize(
    ("hosts", "authority", "is_dead"),
    [
        (["shop.example"], {"exact": "shop.example"}, False),
        (["shop.example"], {"exact": "shop.example:8443"}, False),
        (["shop.example"], {"exact": "Shop.Example."}, False),
        (["shop.example"], {"exact": "www.shop.example"}, True),
        (["*.shop.example"], {"exact": "www.shop.example"}, False),
        (["*.shop.example"], {"exact": "shop.example"}, True),
        (["*"], {"exact": "any.example"}, False),
        (["shop.example", "blog.example"], {"exact": "blog.example"}, False),
        (["shop.example"], {"prefix": "shop."}, False),
        (["shop.example"], {"prefix": "shop.example:"}, False),
        (["shop.example"], {"prefix": "shop.example:80"}, False),
        (["shop.example"], {"prefix": "blog."}, True),
        (["*.example"], {"prefix": "blog."}, False),
        (["shop.example"], {"regex": r"shop\..*"}, False),
        (["shop.example"], {"regex": r"shop\.example(:\d+)?"}, False),
        (["shop.example"], {"regex": r"blog\..*"}, True),
        (["shop.example"], {"regex": r"\pL+\.example"}, False),
        (["shop.example"], {"exact": UNKNOWN}, False),
        ([UNKNOWN], {"exact": "blog.example"}, False),
        (["10.0.0.1"], {"exact": "10.0.0.1:80"}, False),
        (["cart"], {"exact": "cart.shop.svc.cluster.local"}, False),
    ],
    ids=str,
)
def test_a_match_for_a_host_that_is_none_of_them(hosts, authority, is_dead):
    wanted = ["match-other-host"] if is_dead else []

    assert rule_names(matching(*hosts, authority=authority)) == wanted
    assert rule_names(matching(*hosts, headers={":authority": authority})) == wanted


def test_the_hosts_of_a_match_are_those_that_its_gateways_serve():
    anything = matching("*", authority={"exact": "blog.test"})

    assert rule_names(anything) == []
    assert rule_names(anything, WEB) == ["match-other-host"]
    assert rule_names(anything, WEB, gateway("other", http("*", port=8080))) == ["match-other-host"]
    assert rule_names(matching("*", gateways=("shop", "other"), authority={"exact": "blog.test"}), WEB) == []


def test_inside_the_mesh_a_service_has_many_names():
    short = {"exact": "cart"}

    assert rule_names(matching("cart.shop.svc.cluster.local", gateways=("mesh",), authority=short)) == []
    assert rule_names(matching("shop.example", gateways=("mesh", "shop"), authority=short)) == []
    on_the_gateway = route("cart", {"authority": short, "gateways": ["shop"]})
    both = shop(on_the_gateway, route("site"), gateways=("mesh", "shop"))
    assert rule_names(both) == ["match-other-host"]


def test_a_delegate_has_the_hosts_of_its_root():
    delegate = manifest("VirtualService", "team", {"http": [route("cart", {"authority": {"exact": "blog.example"}})]})

    assert rule_names(delegate) == []


@pytest.mark.parametrize(
    ("scheme", "is_dead"),
    [({"exact": "https"}, False), ({"exact": "http"}, False), ({"exact": "HTTPS"}, True), ({"prefix": "http"}, False)],
)
def test_a_scheme_is_one_of_two(scheme, is_dead):
    assert rule_names(matching("shop.example", scheme=scheme)) == (["match-impossible"] if is_dead else [])


# Who sends


@pytest.mark.parametrize(
    ("labels", "others", "is_dead"),
    [
        ({"app": "site"}, [PODS], True),
        ({"app": "site"}, [], False),
        ({"app": "site"}, [pods("shop", app="site")], True),
        ({"istio": "ingressgateway"}, [PODS], False),
        ({"istio": "ingressgateway"}, [], False),
        ({"istio": "other"}, [], True),
        ({"app": "site"}, [pods(istio="ingressgateway", app="site")], False),
        ({"app": UNKNOWN}, [PODS], False),
    ],
    ids=str,
)
def test_labels_of_the_source_are_the_gateways_own(labels, others, is_dead):
    match = {"sourceLabels": labels}
    wanted = ["match-source-of-gateway"] if is_dead else []

    assert rule_names(matching("shop.example", **match), WEB, *others) == wanted
    assert rule_names(matching("shop.example", **match), *others) == []
    assert rule_names(matching("shop.example", gateways=("mesh", "shop"), **match), WEB, *others) == []


@pytest.mark.parametrize(("namespace", "is_dead"), [("shop", True), ("istio-system", False)])
def test_the_namespace_of_the_source_is_the_gateways_own(namespace, is_dead):
    match = {"sourceNamespace": namespace}

    assert rule_names(matching("shop.example", **match), WEB, PODS) == (["match-source-of-gateway"] if is_dead else [])
    assert rule_names(matching("shop.example", **match), WEB) == []


def test_a_match_that_names_its_gateway_is_not_asked_who_sends():
    named = route("cart", {"sourceLabels": {"app": "site"}, "gateways": ["shop"]})

    assert rule_names(shop(named, route("site")), WEB, PODS) == []


# Ports and hosts


def ports(*listed):
    return manifest("Service", "dns", {"ports": [{"port": port, "protocol": protocol} for port, protocol in listed]})


@pytest.mark.parametrize(
    ("there", "port", "wanted"),
    [
        ([(53, "UDP")], 53, ["route-port-udp"]),
        ([(53, "UDP")], 0, ["route-port-udp"]),
        ([(53, "UDP"), (53, "TCP")], 53, []),
        ([(53, "UDP"), (80, "TCP")], 53, ["route-port-udp"]),
        ([(53, "UDP"), (80, "TCP")], 80, []),
        ([(53, "UDP"), (80, "TCP")], 0, []),
        ([(53, UNKNOWN)], 53, []),
        ([(53, "SCTP")], 53, []),
    ],
)
def test_a_route_leads_to_no_port_of_udp(there, port, wanted):
    assert rule_names(shop(route("dns", port=port)), ports(*there)) == wanted


@pytest.mark.parametrize(
    ("host", "is_told"),
    [
        ("Cart", True),
        ("cart.shop.svc.cluster.local", False),
        ("cart.Shop.svc.cluster.local", True),
        ("*.Shop.svc.cluster.local", True),
        ("API.bank.example", False),
        (UNKNOWN, False),
    ],
)
def test_a_destination_rule_is_for_a_host_as_it_is_written(host, is_told):
    rule = manifest("DestinationRule", "cart", {"host": host})

    assert rule_names(rule) == (["destination-rule-host-case"] if is_told else [])


def test_a_service_entry_may_have_a_host_with_capitals():
    def entry(host):
        ports = [{"number": 443, "name": "tls", "protocol": "TLS"}]
        return manifest("ServiceEntry", "bank", {"hosts": [host], "resolution": "DNS", "ports": ports})

    rule = manifest("DestinationRule", "bank", {"host": "API.bank.example"})

    assert rule_names(rule, entry("API.bank.example")) == []
    assert rule_names(rule, entry("api.bank.example")) == ["destination-rule-host-case"]


def test_a_destination_rule_with_capitals_says_nothing_of_the_service():
    def told(name, host):
        return manifest("DestinationRule", name, {"host": host, "trafficPolicy": {"tls": {"mode": name.upper()}}})

    assert rule_names(told("simple", "cart"), told("disable", "Cart")) == ["destination-rule-host-case"]


# Delegates


def test_a_delegate_is_named_by_somebody():
    team = manifest("VirtualService", "team", {"http": [route("cart")]})
    whole = (WEB, PODS, service("cart", (80, 80)), team)

    def root(name="team", **more):
        return shop({"delegate": {"name": name, **more}})

    assert rule_names(*whole) == []
    assert rule_names(*whole, complete=True) == ["delegate-unused"]
    assert rule_names(*whole, root(), complete=True) == []
    assert rule_names(*whole, root(namespace="shop"), complete=True) == []
    assert rule_names(*whole, root(UNKNOWN), complete=True) == []
    assert rule_names(*whole, root("tem"), complete=True) == ["delegate-missing"]
    assert rule_names(*whole, root(namespace="blog"), complete=True) == ["delegate-missing"]


# Rewrites and retries


def rewritten(kind="rewrite", **how):
    doing = {"match": [{"uri": {"regex": "/cart/(.*)"}}], kind: how}
    return shop({**doing, **({} if kind == "redirect" else {"route": route("cart")["route"]})})


def regex(match, rewrite):
    return rewritten(uriRegexRewrite={"match": match, "rewrite": rewrite})


@pytest.mark.parametrize(
    ("found", "is_told"),
    [
        (rewritten(uri=r"/\1"), True),
        (rewritten(uri="/$1"), True),
        (rewritten(uri="/price$"), False),
        (rewritten(uri=UNKNOWN), False),
        (rewritten("redirect", uri="/$1"), True),
        (rewritten("redirect", uri="/new"), False),
        (regex("/cart/(.*)", r"/\1"), False),
        (regex("/cart/(.*)", "/$1"), True),
        (regex("/cart/(.*)", r"/\2"), True),
        (regex("/cart/.*", r"/\0"), False),
        (regex("/cart/(?:a|b)/(.*)", r"/\1"), False),
        (regex("/cart/(?P<rest>.*)", r"/\1"), False),
        (regex("/cart/.*", r"/\\1"), False),
        (regex(UNKNOWN, r"/\1"), False),
        (regex(r"/\pL/(.*)", r"/\1"), False),
    ],
)
def test_only_a_regex_rewrite_puts_groups_in(found, is_told):
    assert rule_names(found) == (["rewrite-group"] if is_told else [])


def test_the_right_replacement_is_said():
    (finding,) = check(regex("/a/(.*)/(.*)", "/$2/$1"))

    assert finding.remedy == r"Write '/\2/\1'."


@pytest.mark.parametrize(
    ("timeout", "each", "is_told"),
    [
        ("2s", "5s", True),
        ("1m", "500ms", False),
        ("5s", "5s", False),
        (None, "5s", False),
        (UNKNOWN, "5s", False),
        ("2s", UNKNOWN, False),
    ],
)
def test_a_try_is_not_longer_than_all_of_them(timeout, each, is_told):
    found = shop({**route("cart"), "timeout": timeout, "retries": {"attempts": 2, "perTryTimeout": each}})

    assert rule_names(found) == (["retry-after-timeout"] if is_told else [])


# Policies


def security(kind, spec, namespace="shop"):
    found = manifest(kind, "shop", spec, namespace)
    return {**found, "apiVersion": "security.istio.io/v1"}


def policy(*rules, **spec):
    return security("AuthorizationPolicy", {"rules": list(rules), **spec})


def tokens(namespace="shop", **spec):
    return security("RequestAuthentication", {"jwtRules": [{"issuer": "https://id.example"}], **spec}, namespace)


PRINCIPALS = {"from": [{"source": {"requestPrincipals": ["*"]}}]}
NO_PRINCIPALS = {"from": [{"source": {"notRequestPrincipals": ["*"]}}]}
CLAIMS = {"when": [{"key": "request.auth.claims[group]", "values": ["staff"]}]}
SENDERS = {"from": [{"source": {"principals": ["*"]}}]}
#: What keeps `shop` and `blog` from being the mesh's root namespace.
BOTH = [service("cart", (80, 80)), service("posts", (80, 80), namespace="blog")]
CART, SITE = ({"selector": {"matchLabels": {"app": app}}} for app in ("cart", "site"))


@pytest.mark.parametrize("rule", [PRINCIPALS, NO_PRINCIPALS, CLAIMS], ids=str)
def test_a_policy_that_asks_for_tokens_needs_somebody_who_reads_them(rule):
    wanted = ["principal-without-authentication"]

    assert rule_names(policy(rule)) == []
    assert rule_names(policy(rule), complete=True) == wanted
    assert rule_names(policy(rule), tokens(), complete=True) == []
    assert rule_names(policy(rule), tokens("istio-system"), complete=True) == []
    assert rule_names(policy(rule), tokens("blog"), *BOTH, complete=True) == wanted
    assert rule_names(policy(rule, **CART), tokens(**CART), complete=True) == []
    assert rule_names(policy(rule, **CART), tokens(**SITE), complete=True) == wanted


@pytest.mark.parametrize(
    ("others", "settings", "is_told"),
    [
        ([], {}, True),
        ([], {"root_namespace": "blog"}, False),
        ([], {"root_namespace": "istio-system"}, True),
        ([pods("blog", app="istiod")], {}, False),
        ([pods("blog", app="istiod")], {"root_namespace": "istio-system"}, True),
        ([pods("blog", app="posts")], {}, True),
    ],
)
def test_tokens_are_read_everywhere_by_what_stands_in_the_root_namespace(others, settings, is_told):
    found = rule_names(policy(PRINCIPALS), tokens("blog"), *BOTH, *others, complete=True, **settings)

    assert found == (["principal-without-authentication"] if is_told else [])


def test_a_namespace_with_nothing_to_apply_to_may_be_the_root():
    found = policy(PRINCIPALS), tokens("config"), BOTH[0]

    assert rule_names(*found, complete=True) == []
    assert rule_names(*found, complete=True, root_namespace="istio-system") == ["principal-without-authentication"]


def test_a_policy_that_asks_for_no_token_needs_none():
    assert rule_names(policy(SENDERS), complete=True) == []
    assert rule_names(policy({"from": [{"source": {"requestPrincipals": UNKNOWN}}]}), complete=True) == []


def test_an_envoyfilter_may_read_tokens_too():
    value = {"name": "envoy.filters.http.jwt_authn"}
    patch = {"applyTo": "HTTP_FILTER", "patch": {"operation": "INSERT_FIRST", "value": value}}
    reader = manifest("EnvoyFilter", "tokens", {"configPatches": [patch]})

    assert rule_names(policy(CLAIMS), {**reader, "apiVersion": "networking.istio.io/v1alpha3"}, complete=True) == []
