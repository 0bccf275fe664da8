"""What Istio accepts and what does not work: hidden objects, delegates, paths, protocols, tokens, credentials."""

import pytest

from tests.unit.rules.build import (
    check,
    gateway,
    http,
    https,
    manifest,
    names,
    pods,
    route,
    secret,
    service,
    virtual_service,
)

PODS = pods(istio="ingressgateway")
WEB = gateway("shop", http("shop.example"))


def rule_names(*documents, **settings):
    return [one.partition(":")[0] for one in names(*documents, **settings)]


def to(host, *matches, **fields):
    return {**route(host, *matches), **fields}


def prefix(path, **more):
    return {"uri": {"prefix": path}, **more}


def shop(*routes, **options):
    return virtual_service("shop", "shop.example", http=list(routes), **options)


# Delegates


def delegated(*matches, **options):
    return manifest("VirtualService", "team", {"http": [to("cart", *matches)], **options})


def root(*matches):
    return shop({"match": list(matches), "delegate": {"name": "team"}})


@pytest.mark.parametrize(
    ("outer", "inner", "is_joined"),
    [
        (prefix("/team"), prefix("/team/a"), True),
        (prefix("/team"), prefix("/other"), False),
        (prefix("/team"), {"uri": {"exact": "/team"}}, True),
        ({"uri": {"exact": "/team"}}, prefix("/team"), False),
        (prefix("/team"), {"uri": {"regex": "/team/.*"}}, False),
        (prefix("/team"), {"headers": {"x": {"exact": "a"}}}, True),
        (prefix("/team"), prefix("/team", ignoreUriCase=True), False),
        (prefix("/team", port=80), prefix("/team", port=8080), False),
        (prefix("/team", headers={"x": {"exact": "a"}}), prefix("/team", headers={"x": {"exact": "b"}}), False),
        ({}, prefix("/other"), True),
    ],
    ids=str,
)
def test_a_delegates_match_lies_within_its_roots(outer, inner, is_joined):
    wanted = [] if is_joined else ["delegate-outside-root: shop/team"]

    assert names(root(outer), delegated(inner)) == wanted


def test_a_delegate_has_no_hosts_and_exists():
    assert rule_names(root(prefix("/team")), delegated(prefix("/team"))) == []
    assert rule_names(root(prefix("/team")), delegated(prefix("/team"), hosts=["cart"])) == ["delegate-with-hosts"]
    assert rule_names(root(prefix("/team"))) == []
    assert rule_names(root(prefix("/team")), WEB, PODS, complete=True) == ["delegate-missing"]


@pytest.mark.parametrize(("exported", "is_seen"), [(["."], False), (["shop"], True), (["*"], True), (["other"], False)])
def test_a_delegate_is_exported_to_its_root(exported, is_seen):
    team = manifest("VirtualService", "team", {"http": [to("cart")], "exportTo": exported}, "team")
    roots = shop({"match": [prefix("/team")], "delegate": {"name": "team", "namespace": "team"}})

    assert rule_names(roots, team) == ([] if is_seen else ["delegate-hidden"])


# exportTo and DestinationRules


def test_a_virtualservice_is_exported_to_the_gateways_pods():
    hidden = shop(to("cart"), exportTo=["."])

    assert names(hidden, WEB, PODS) == ["virtualservice-hidden: shop/shop"]
    assert names(hidden, WEB) == []
    assert names(hidden, WEB, pods("shop", istio="ingressgateway")) == []
    assert names(shop(to("cart"), exportTo=["istio-system"]), WEB, PODS) == []


def subset_rule(namespace, host="cart.shop.svc.cluster.local", **spec):
    return manifest("DestinationRule", "cart", {"host": host, "subsets": [{"name": "v1"}], **spec}, namespace)


def to_subset(host="cart.shop.svc.cluster.local", subset="v1"):
    return shop({"route": [{"destination": {"host": host, "subset": subset}}]})


@pytest.mark.parametrize(
    ("rule", "wanted"),
    [
        (subset_rule("shop"), []),
        (subset_rule("istio-system"), []),
        (subset_rule("routes"), ["destination-rule-hidden"]),
        (subset_rule("shop", exportTo=["."]), ["destination-rule-hidden"]),
        (subset_rule("shop", exportTo=["istio-system"]), []),
        (subset_rule("shop", host="*.shop.svc.cluster.local"), []),
    ],
)
def test_a_gateway_sees_the_destination_rules_of_three_namespaces(rule, wanted):
    assert rule_names(to_subset(), WEB, PODS, rule) == wanted
    assert rule_names(to_subset(), WEB, rule) == []


def test_a_short_host_of_a_destination_rule_is_of_its_own_namespace():
    there = to_subset("cart.blog.svc.cluster.local")

    (finding,) = check(there, subset_rule("shop", host="cart"))
    assert finding.rule == "route-subset-missing"
    assert "is short for one in 'shop'" in finding.message
    assert names(there, subset_rule("shop", host="cart"), service("cart", (80, 80))) == []


def test_a_subset_without_any_rule_is_told_of_everything_only():
    whole = (WEB, PODS, service("cart", (80, 80)))

    assert names(to_subset(), *whole) == []
    assert rule_names(to_subset(), *whole, complete=True) == ["route-subset-missing"]
    wide = subset_rule("shop", host="*.svc.cluster.local", subsets=[])
    assert names(to_subset(), *whole, wide) == []


@pytest.mark.parametrize(
    ("exported", "is_hidden"), [("*", False), (".", True), ("blog", True), (".,istio-system", False), ("~", True)]
)
def test_a_service_is_exported_to_the_gateways_pods(exported, is_hidden):
    cart = service("cart", (80, 80))
    cart["metadata"]["annotations"] = {"networking.istio.io/exportTo": exported}
    wanted = ["route-service-hidden"] if is_hidden else []

    assert rule_names(shop(to("cart")), WEB, PODS, cart) == wanted
    assert names(shop(to("cart")), WEB, cart) == []


# Ports


def test_a_service_with_several_ports_takes_the_port_of_the_listener():
    two = service("cart", (80, 8080), (9090, 9090))

    assert names(WEB, shop(to("cart")), two) == []
    assert rule_names(gateway("shop", http("shop.example", port=8080)), shop(to("cart")), two) == [
        "route-port-ambiguous"
    ]
    assert names(shop(to("cart")), two) == []
    assert names(shop(to("cart"), gateways=("mesh",)), two) == []


def test_the_ports_of_two_serviceentries_of_one_host_add_up():
    entries = [
        manifest("ServiceEntry", f"api-{port}", {"hosts": ["api.test"], "ports": [{"number": port, "name": "p"}]})
        for port in (80, 443)
    ]

    assert names(shop(route("api.test", port=443)), *entries) == []
    assert rule_names(shop(route("api.test", port=81)), *entries) == ["route-port-missing"]


@pytest.mark.parametrize(
    ("match", "is_dead"), [({"port": 8443}, True), ({"port": 80}, False), ({"gateways": ["other"]}, True)]
)
def test_a_match_is_for_a_port_and_a_gateway_that_are_there(match, is_dead):
    assert rule_names(WEB, shop(to("cart", match), to("site"))) == (["match-elsewhere"] if is_dead else [])


def test_routes_are_of_the_kind_that_their_servers_take():
    tls = [{"match": [{"sniHosts": ["shop.example"]}], "route": route("cart")["route"]}]
    tcp = gateway("shop", {"port": {"number": 9000, "name": "tcp", "protocol": "TCP"}, "hosts": ["shop.example"]})
    ended = https("shop.example")
    ended["port"]["protocol"] = "TLS"

    assert rule_names(tcp, virtual_service("shop", "shop.example", tls=tls)) == ["route-kind-unused"]
    assert rule_names(gateway("shop", ended), shop(to("cart"))) == ["route-kind-unused"]
    assert names(gateway("shop", ended), virtual_service("shop", "shop.example", tcp=[route("cart")])) == []


# Protocols


@pytest.mark.parametrize(
    ("port", "wanted"),
    [
        ({"name": "https", "port": 443, "targetPort": 8443}, ["route-plain-to-tls"]),
        ({"name": "https", "port": 443}, ["route-plain-to-tls"]),
        ({"name": "web", "appProtocol": "https", "port": 443}, ["route-plain-to-tls"]),
        ({"name": "https", "port": 443, "targetPort": 8080}, []),
        ({"name": "https", "port": 443, "targetPort": "http"}, []),
        ({"name": "http", "port": 443, "targetPort": 8443}, []),
        ({"name": "rpc", "port": 50051}, ["route-grpc-as-http1"]),
        ({"name": "my-grpc", "port": 80}, ["route-grpc-as-http1"]),
        ({"name": "grpc", "port": 50051}, []),
        ({"name": "grpc-web", "port": 50051}, []),
        ({"name": "http2-rpc", "port": 50051}, []),
        ({"name": "rpc", "appProtocol": "grpc", "port": 50051}, []),
    ],
)
def test_the_gateway_speaks_what_the_service_port_says(port, wanted):
    cart = manifest("Service", "cart", {"ports": [port]})

    assert rule_names(shop(to("cart")), cart) == wanted
    assert rule_names(shop(to("cart"), gateways=("mesh",)), cart) == []


def test_a_destination_rule_begins_tls_or_http2():
    def rule(**policy):
        return manifest("DestinationRule", "cart", {"host": "cart", "trafficPolicy": policy})

    secure = manifest("Service", "cart", {"ports": [{"name": "https", "port": 443}]})
    rpc = manifest("Service", "cart", {"ports": [{"name": "rpc", "port": 50051}]})

    assert names(shop(to("cart")), secure, rule(tls={"mode": "SIMPLE"})) == []
    assert (
        names(shop(to("cart")), secure, rule(portLevelSettings=[{"port": {"number": 443}, "tls": {"mode": "SIMPLE"}}]))
        == []
    )
    assert rule_names(shop(to("cart")), secure, rule(tls={"mode": "DISABLE"})) == ["route-plain-to-tls"]
    other = {"port": {"number": 8443}, "tls": {"mode": "SIMPLE"}}
    assert rule_names(shop(to("cart")), secure, rule(portLevelSettings=[other])) == ["route-plain-to-tls"]
    assert names(shop(to("cart")), rpc, rule(connectionPool={"http": {"h2UpgradePolicy": "UPGRADE"}})) == []


# Paths and preflights


@pytest.mark.parametrize(
    ("match", "is_possible"),
    [
        ({"uri": {"prefix": "api"}}, False),
        ({"uri": {"exact": "/api?x=1"}}, False),
        ({"uri": {"prefix": "/a b"}}, False),
        ({"uri": {"prefix": "/a/../b"}}, False),
        ({"uri": {"exact": "/a/."}}, False),
        ({"uri": {"prefix": "/."}}, True),
        ({"uri": {"prefix": "/.well-known"}}, True),
        ({"uri": {"exact": "/a...b//c%20d"}}, True),
        ({"uri": {"regex": "api/.*"}}, False),
        ({"uri": {"regex": "(?i)/api"}}, True),
        ({"uri": {"regex": "a*/.*"}}, True),
        ({"uri": {"regex": "api|/.*"}}, True),
        ({"uri": {"regex": r"\\/api"}}, True),
        ({"method": {"exact": "get"}}, False),
        ({"method": {"exact": "report"}}, True),
    ],
)
def test_matches_that_no_request_meets(match, is_possible):
    assert rule_names(shop(to("cart", match))) == ([] if is_possible else ["match-impossible"])


@pytest.mark.parametrize(
    ("match", "redirect", "is_loop"),
    [
        (prefix("/a"), {"uri": "/a/b"}, True),
        (prefix("/a"), {"uri": "/b"}, False),
        (prefix("/a"), {"uri": "/a", "authority": "b.example"}, False),
        ({"uri": {"exact": "/a"}}, {"uri": "/a/"}, False),
        (prefix("/a", method={"exact": "GET"}), {"uri": "/a/b"}, False),
        (prefix("/"), {"uri": "/home"}, False),
        (prefix("/a"), {"scheme": "https"}, True),
        (prefix("/a", port=80), {"scheme": "https"}, False),
        (prefix("/a", scheme={"exact": "http"}), {"scheme": "https"}, False),
        (prefix("/a"), {"scheme": "https", "uri": "/b"}, False),
        (prefix("/a"), {"scheme": "https", "port": 8443}, False),
    ],
)
def test_redirects_to_themselves(match, redirect, is_loop):
    both = gateway("shop", http("shop.example"), https("shop.example"))
    found = rule_names(shop({"match": [match], "redirect": redirect}), both)
    assert found == (["redirect-loop"] if is_loop else [])


def test_a_redirect_to_what_an_earlier_route_takes_is_no_loop():
    home = to("cart", {"uri": {"exact": "/a/home"}})
    redirect = {"match": [prefix("/a")], "redirect": {"uri": "/a/home"}}
    assert rule_names(shop(home, redirect)) == []
    assert rule_names(shop(redirect)) == ["redirect-loop"]
    plain = shop({"match": [prefix("/a")], "redirect": {"scheme": "https"}})
    assert rule_names(plain, WEB) == []


@pytest.mark.parametrize(
    ("path", "text", "becomes"),
    [
        ("/common", "/", "//x"),
        ("/common/", "/v1", "/v1x"),
        ("/", "/v1", "/v1x"),
        ("/common/", "/", ""),
        ("/common", "/v1", ""),
        ("/", "/", ""),
        ("/common", " ", ""),
    ],
)
def test_a_rewrite_has_as_many_slashes_as_its_prefix(path, text, becomes):
    found = check(shop(to("cart", prefix(path), rewrite={"uri": text})))

    assert [one.rule for one in found] == (["rewrite-slashes"] if becomes else [])
    assert not becomes or f"becomes {becomes!r}" in found[0].message


def test_a_bare_path_may_stand_behind_the_one_with_a_slash():
    both = to("cart", prefix("/common/"), prefix("/common"), rewrite={"uri": "/"})

    assert names(shop(both)) == []
    assert rule_names(shop({**both, "match": both["match"][::-1]})) == ["rewrite-slashes"]


@pytest.mark.parametrize(
    ("match", "is_told"),
    [
        ({"method": {"exact": "POST"}}, True),
        ({"method": {"regex": "POST|OPTIONS"}}, False),
        ({"headers": {"authorization": {}}}, True),
        ({"headers": {"x-forwarded-proto": {"exact": "https"}}}, False),
        ({"headers": {":authority": {"exact": "shop.example"}}}, False),
        ({"withoutHeaders": {"x-beta": {}}}, False),
    ],
)
def test_a_preflight_is_answered(match, is_told):
    cors = {"corsPolicy": {"allowOrigins": [{"exact": "https://ui.test"}]}}
    wanted = ["cors-preflight-unmatched"] if is_told else []

    assert rule_names(shop(to("cart", prefix("/v1", **match), **cors))) == wanted
    assert names(shop(to("cart", prefix("/v1", **match), **cors), to("site"))) == []


# Tokens


def security(kind, name="shop", namespace="istio-system", **spec):
    selector = {"selector": {"matchLabels": {"istio": "ingressgateway"}}}
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "security.istio.io/v1", "kind": kind, "metadata": metadata, "spec": {**selector, **spec}}


RULES = [{"issuer": "https://id.test"}]


def test_claims_need_a_request_authentication_for_the_gateways_pods():
    claims = shop(to("cart", {"headers": {"@request.auth.claims.sub": {"exact": "a"}}}), to("site"))
    reads = security("RequestAuthentication", jwtRules=RULES)
    elsewhere = security("RequestAuthentication", namespace="blog", jwtRules=RULES)

    assert rule_names(claims, WEB) == ["claim-without-authentication"]
    assert names(claims) == []
    assert names(claims, WEB, reads) == []
    assert names(claims, WEB, PODS, reads) == []
    assert rule_names(claims, WEB, PODS, elsewhere) == ["claim-without-authentication"]


def test_a_token_is_required_by_a_policy_or_by_the_routes():
    reads = security("RequestAuthentication", jwtRules=RULES)

    assert rule_names(WEB, reads) == ["token-not-required"]
    assert names(WEB, reads, security("AuthorizationPolicy", rules=[{}])) == []
    assert names(reads) == []
    other = security("RequestAuthentication", selector={"matchLabels": {"app": "cart"}}, jwtRules=RULES)
    assert names(WEB, other) == []


# Hosts and credentials


def test_a_short_host_is_completed_for_the_virtualservice_only():
    local = gateway("shop", http("localhost"))
    full = gateway("shop", http("cart.shop.svc.cluster.local"))

    refused, unbound = check(local, virtual_service("shop", "localhost"))
    assert refused.rule == "gateway-host-incomplete"
    assert "'localhost' (to Istio 'localhost.shop.svc.cluster.local')" in unbound.message
    assert names(full, virtual_service("shop", "cart")) == []
    nowhere = [{**one, "metadata": {"name": "shop"}} for one in (full, virtual_service("shop", "cart"))]
    assert names(*nowhere) == []


def made(kind, group, **spec):
    return {
        "apiVersion": f"{group}/v1",
        "kind": kind,
        "metadata": {"name": "shop", "namespace": "istio-system"},
        "spec": spec,
    }


@pytest.mark.parametrize(
    "maker",
    [
        made("Certificate", "cert-manager.io", secretName="shop.example"),
        made("ExternalSecret", "external-secrets.io", target={"name": "shop.example"}),
        made("SealedSecret", "bitnami.com", template={"metadata": {"name": "shop.example"}}),
        made("VaultStaticSecret", "secrets.hashicorp.com", destination={"name": "shop.example"}),
    ],
    ids=lambda maker: maker["kind"],
)
def test_a_secret_that_is_yet_to_be_made_is_not_missing(maker):
    server = gateway("shop", https("shop.example"))

    assert rule_names(server, PODS, complete=True) == ["credential-absent"]
    assert names(server, PODS, maker, complete=True) == []
    maker = {**maker, "metadata": {"name": "shop", "namespace": "shop"}}
    assert rule_names(server, PODS, maker) == ["credential-namespace"]
    assert names(server, PODS, maker, secret("shop.example", tls_crt="", tls_key=""))[:1] != ["credential-namespace"]


def test_a_certificate_is_asked_for_with_the_servers_hosts():
    server = gateway("shop", https("shop.example", "www.shop.example", credentialName="shop"))

    def request(*hosts):
        return made("Certificate", "cert-manager.io", secretName="shop", dnsNames=list(hosts))

    assert names(server, request("shop.example", "*.shop.example")) == []
    assert rule_names(server, request("shop.example")) == ["certificate-request-host-uncovered"]


@pytest.mark.parametrize(("host", "is_wrong"), [("192.0.2.10", True), ("*.example", False)])
def test_a_tls_server_is_chosen_by_a_name(host, is_wrong):
    wanted = ["tls-host-without-sni"] if is_wrong else []

    assert rule_names(gateway("shop", https(host, credentialName="shop"))) == wanted
    assert names(gateway("shop", http(host))) == []


def test_an_address_of_ipv6_is_refused_on_any_server():
    for server in (https("2001:db8::1", credentialName="shop"), http("2001:db8::1")):
        assert rule_names(gateway("shop", server)) == ["gateway-host-incomplete"]


def test_an_empty_tls_is_passthrough_and_what_it_does_not_use_is_told():
    shut = {"port": {"number": 443, "name": "tls", "protocol": "TLS"}, "hosts": ["shop.example"], "tls": {}}

    assert names(gateway("shop", shut)) == []
    assert rule_names(gateway("shop", {**shut, "tls": {"minProtocolVersion": "TLSV1_2"}})) == ["tls-mode-missing"]


def test_a_partial_wildcard_is_served_as_istio_compares_it():
    half = virtual_service("shop", "*-web.example")

    assert names(gateway("shop", http("*.example")), half) == []
    assert names(gateway("shop", http("a-web.example")), half) == []
    assert rule_names(gateway("shop", http("web.example")), half) == ["virtualservice-host-unbound"]
    assert rule_names(gateway("shop", http("*-web.example"))) == ["host-invalid"]


@pytest.mark.parametrize(
    ("solver", "issuer", "host", "is_told"),
    [
        ({"http01": {}}, "acme", "shop.example", True),
        ({"dns01": {}}, "acme", "shop.example", False),
        ({"http01": {}}, "other", "shop.example", False),
        ({"http01": {}}, "acme", "blog.example", False),
    ],
)
def test_a_redirect_takes_the_challenge_of_its_own_hosts(solver, issuer, host, is_told):
    redirect = gateway("shop", http("shop.example", tls={"httpsRedirect": True}))
    request = made("Certificate", "cert-manager.io", secretName="shop", dnsNames=[host], issuerRef={"name": issuer})
    acme = made("ClusterIssuer", "cert-manager.io", acme={"solvers": [solver]})
    acme["metadata"] = {"name": "acme"}

    assert rule_names(redirect, request, acme) == (["redirect-of-challenge"] if is_told else [])


@pytest.mark.parametrize(
    ("action", "is_told"),
    [
        ({"redirect": {"uri": "/new"}}, True),
        ({"directResponse": {"status": 204}}, True),
        ({"route": [{"destination": {"host": "cart"}}]}, False),
    ],
)
def test_cors_is_for_routes_to_backends(action, is_told):
    policy = {"allowOrigins": [{"exact": "https://shop.example"}], "allowMethods": ["GET"]}
    found = names(virtual_service("shop", "shop.example", http=[{**action, "corsPolicy": policy}]))

    assert found == (["cors-policy-unused: shop/shop"] if is_told else [])


@pytest.mark.parametrize("field", ["subjectAltNames", "verifyCertificateHash", "verifyCertificateSpki"])
@pytest.mark.parametrize(("mode", "is_told"), [("OPTIONAL_MUTUAL", True), ("MUTUAL", False)])
def test_what_is_compared_in_a_certificate_makes_it_required(mode, is_told, field):
    found = names(gateway("shop", https("shop.example", mode=mode, **{field: ["client.example"]})))

    assert [one for one in found if "required" in one] == (
        ["client-certificate-required: shop/shop"] if is_told else []
    )


@pytest.mark.parametrize(
    ("versions", "is_told"),
    [
        ({"minProtocolVersion": "TLSV1_3", "maxProtocolVersion": "TLSV1_2"}, True),
        ({"maxProtocolVersion": "TLSV1_1"}, True),
        ({"minProtocolVersion": "TLS_AUTO", "maxProtocolVersion": "TLSV1_0"}, True),
        ({"minProtocolVersion": "TLSV1_3", "maxProtocolVersion": "TLSV1_3"}, False),
        ({"minProtocolVersion": "TLSV1_3", "maxProtocolVersion": "TLS_AUTO"}, False),
        ({"minProtocolVersion": "TLSV1_3"}, False),
    ],
)
def test_versions_of_tls_that_leave_none(versions, is_told):
    found = names(gateway("shop", https("shop.example", **versions)))

    assert found == (["tls-version-range: shop/shop"] if is_told else [])
