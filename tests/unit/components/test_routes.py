"""Routes: what each field becomes in a VirtualService, and what of it is refused."""

import pulumi
import pytest

from istio_ingress import HttpbinIngress, RedirectPort, RedirectScheme, TlsGateway, UnmatchedPreflights
from istio_ingress.arguments.route_values import ROUTE_VALUES
from istio_ingress.arguments.routes import needs_backend
from istio_ingress.manifests.routes import http_rules
from istio_ingress.rules.schema.durations import MILLISECOND, nanoseconds

CART = {"service": "cart", "port": 80}
TO_CART = [{"destination": {"host": "cart", "port": {"number": 80}}}]


def made(declare, *routes):
    args = {"routes": list(routes)} | ({"backend": CART} if needs_backend(routes) else {})
    declared = declare(lambda: HttpbinIngress("web", args) and None)
    return declared.manifest("VirtualService")["spec"]["http"]


@pytest.mark.parametrize(
    ("route", "match"),
    [
        ({}, {"uri": {"prefix": "/"}}),
        ({"exact": "/a"}, {"uri": {"exact": "/a"}}),
        ({"regex": "/a/[0-9]+"}, {"uri": {"regex": "/a/[0-9]+"}}),
        ({"path_prefix": "/a.b"}, {"uri": {"regex": r"/a\.b(/.*)?"}}),
        ({"path_prefix": "/a/"}, {"uri": {"regex": "/a(/.*)?"}}),
        ({"path_prefix": "/"}, {"uri": {"prefix": "/"}}),
        ({"prefix": "/a", "ignore_case": True}, {"uri": {"prefix": "/a"}, "ignoreUriCase": True}),
        (
            {"headers": {"X-Tier": {"exact": "gold"}, "x-id": {"regex": "[0-9]+"}, "cookie": {"present": True}}},
            {
                "uri": {"prefix": "/"},
                "headers": {"x-tier": {"exact": "gold"}, "x-id": {"regex": "[0-9]+"}, "cookie": {}},
            },
        ),
        ({"headers": {"x-a": {"absent": True}}}, {"uri": {"prefix": "/"}, "withoutHeaders": {"x-a": {}}}),
        (
            {"without_headers": {"x-tier": {"prefix": "g"}}},
            {"uri": {"prefix": "/"}, "withoutHeaders": {"x-tier": {"prefix": "g"}}},
        ),
        (
            {"query": {"v": {"exact": "2"}, "q": {"present": True}}},
            {"uri": {"prefix": "/"}, "queryParams": {"v": {"exact": "2"}, "q": {}}},
        ),
        (
            {"query": {"a.b": {"absent": True}, "c": {"absent": True}}},
            {
                "uri": {"prefix": "/"},
                "withoutHeaders": {":path": {"regex": r"[^?]*\?(.*&)?(a\.b|c)([=&].*)?"}},
            },
        ),
        (
            {"authority": {"exact": "a.test"}, "scheme": {"exact": "https"}, "server_port": 443},
            {"uri": {"prefix": "/"}, "authority": {"exact": "a.test"}, "scheme": {"exact": "https"}, "port": 443},
        ),
        (
            {"source_labels": {"app": "shop"}, "source_namespace": "shop"},
            {"uri": {"prefix": "/"}, "sourceLabels": {"app": "shop"}, "sourceNamespace": "shop"},
        ),
    ],
)
def test_a_match(declare, route, match):
    assert made(declare, route) == [{"match": [match], "route": TO_CART}]


def test_a_claim_of_a_token_keeps_its_letters():
    (rule,) = http_rules([{"headers": {"@request.auth.claims.Group": {"exact": "dev"}}}], CART)
    assert rule["match"] == [{"uri": {"prefix": "/"}, "headers": {"@request.auth.claims.Group": {"exact": "dev"}}}]


def test_each_method_is_a_match(declare):
    (rule,) = made(declare, {"prefix": "/a", "methods": ["GET", "HEAD"]})
    assert rule["match"] == [{"uri": {"prefix": "/a"}, "method": {"exact": method}} for method in ("GET", "HEAD")]


@pytest.mark.parametrize(
    ("route", "action"),
    [
        ({"subset": "v2"}, {"route": [{"destination": {**TO_CART[0]["destination"], "subset": "v2"}}]}),
        (
            {"redirect": {"path": "/new"}},
            {"redirect": {"uri": "/new", "redirectCode": 301}},
        ),
        (
            {"redirect": {"hostname": "b.test", "port": 8443, "scheme": RedirectScheme.HTTPS, "status": 308}},
            {"redirect": {"authority": "b.test", "port": 8443, "scheme": "https", "redirectCode": 308}},
        ),
        (
            {"redirect": {"scheme": "https", "derive_port": RedirectPort.REQUEST}},
            {"redirect": {"scheme": "https", "derivePort": "FROM_REQUEST_PORT", "redirectCode": 301}},
        ),
        (
            {"direct_response": {"status": 503, "body": "closed\n"}},
            {"directResponse": {"status": 503, "body": {"string": "closed\n"}}},
        ),
        ({"direct_response": {"status": 204}}, {"directResponse": {"status": 204}}),
        ({"delegate": {"name": "cart.routes"}}, {"delegate": {"name": "cart.routes"}}),
        ({"delegate": {"name": "cart", "namespace": "shop"}}, {"delegate": {"name": "cart", "namespace": "shop"}}),
        (
            {
                "backends": [
                    {"service": "cart", "port": 80, "weight": 90, "subset": "v1"},
                    {"service": "next", "port": 81, "weight": 10, "request_headers": {"set": {"x-next": "1"}}},
                ]
            },
            {
                "route": [
                    {"destination": {"host": "cart", "port": {"number": 80}, "subset": "v1"}, "weight": 90},
                    {
                        "destination": {"host": "next", "port": {"number": 81}},
                        "weight": 10,
                        "headers": {"request": {"set": {"x-next": "1"}}},
                    },
                ]
            },
        ),
        (
            {"path_prefix": "/a.b/", "rewrite": {"prefix": "/v1"}},
            {"route": TO_CART, "rewrite": {"uriRegexRewrite": {"match": r"^/a\.b", "rewrite": "/v1"}}},
        ),
        (
            {"path_prefix": "/a", "rewrite": {"prefix": "/"}},
            {"route": TO_CART, "rewrite": {"uriRegexRewrite": {"match": "^/a/?", "rewrite": "/"}}},
        ),
        ({"path_prefix": "/a", "rewrite": {"path": "/b"}}, {"route": TO_CART, "rewrite": {"uri": "/b"}}),
        ({"path_prefix": "/", "rewrite": {"prefix": "/v1/"}}, {"route": TO_CART, "rewrite": {"uri": "/v1/"}}),
        ({"prefix": "/", "rewrite": {"prefix": "/v1/"}}, {"route": TO_CART, "rewrite": {"uri": "/v1/"}}),
        (
            {"prefix": "/", "rewrite": {"path": "/a\\1", "hostname": "b.test:80"}},
            {
                "route": TO_CART,
                "rewrite": {"authority": "b.test:80", "uriRegexRewrite": {"match": "^.+$", "rewrite": "/a\\\\1"}},
            },
        ),
        (
            {"prefix": "/", "rewrite": {"regex": "/a/(.*)", "substitution": "/b/\\1"}},
            {"route": TO_CART, "rewrite": {"uriRegexRewrite": {"match": "/a/(.*)", "rewrite": "/b/\\1"}}},
        ),
        (
            {"mirrors": [{"service": "next", "port": 81, "percent": 12.5}, {"service": "log", "port": 82}]},
            {
                "route": TO_CART,
                "mirrors": [
                    {"destination": {"host": "next", "port": {"number": 81}}, "percentage": {"value": 12.5}},
                    {"destination": {"host": "log", "port": {"number": 82}}},
                ],
            },
        ),
        ({"timeout": "5s", "name": "cart"}, {"route": TO_CART, "timeout": "5s", "name": "cart"}),
        (
            {
                "retries": {
                    "attempts": 3,
                    "per_try_timeout": "2s",
                    "retry_on": ["5xx", "reset", "409"],
                    "backoff": "100ms",
                    "retry_remote_localities": True,
                    "retry_ignore_previous_hosts": False,
                }
            },
            {
                "route": TO_CART,
                "retries": {
                    "attempts": 3,
                    "perTryTimeout": "2s",
                    "retryOn": "5xx,reset,409",
                    "backoff": "100ms",
                    "retryRemoteLocalities": True,
                    "retryIgnorePreviousHosts": False,
                },
            },
        ),
        ({"retries": {"attempts": 0}}, {"route": TO_CART, "retries": {"attempts": 0}}),
        (
            {
                "request_headers": {"set": {"x-a": "1"}, "remove": ["x-b"]},
                "response_headers": {"add": {"x-c": "%PROTOCOL%"}},
            },
            {
                "route": TO_CART,
                "headers": {
                    "request": {"set": {"x-a": "1"}, "remove": ["x-b"]},
                    "response": {"add": {"x-c": "%PROTOCOL%"}},
                },
            },
        ),
        (
            {
                "cors": {
                    "allow_origins": [{"exact": "https://a.test"}, {"regex": ".*\\.test"}],
                    "allow_methods": ["PUT"],
                    "allow_headers": ["x-a"],
                    "expose_headers": ["x-b"],
                    "max_age": "24h",
                    "allow_credentials": True,
                    "unmatched_preflights": UnmatchedPreflights.IGNORE,
                }
            },
            {
                "route": TO_CART,
                "corsPolicy": {
                    "allowOrigins": [{"exact": "https://a.test"}, {"regex": ".*\\.test"}],
                    "allowMethods": ["PUT"],
                    "allowHeaders": ["x-a"],
                    "exposeHeaders": ["x-b"],
                    "maxAge": "24h",
                    "allowCredentials": True,
                    "unmatchedPreflights": "IGNORE",
                },
            },
        ),
        (
            {"fault": {"delay": {"fixed_delay": "2s", "percent": 0.5}, "abort": {"grpc_status": "UNAVAILABLE"}}},
            {
                "route": TO_CART,
                "fault": {
                    "delay": {"fixedDelay": "2s", "percentage": {"value": 0.5}},
                    "abort": {"grpcStatus": "UNAVAILABLE", "percentage": {"value": 100}},
                },
            },
        ),
    ],
)
def test_an_action(declare, route, action):
    (rule,) = made(declare, route)
    assert {field: value for field, value in rule.items() if field != "match"} == action


def test_the_whole_path_of_an_exact_match_is_rewritten_by_itself(declare):
    (rule,) = made(declare, {"exact": "/a", "rewrite": {"path": "/b"}})
    assert rule["rewrite"] == {"uri": "/b"}


def test_neighbours_that_do_the_same_are_one_rule_and_others_keep_their_order(declare):
    slow = {"timeout": "5s"}
    rules = made(declare, {"exact": "/a"}, {"exact": "/b"}, {"exact": "/c", **slow}, {"exact": "/d", **slow}, {})
    assert [[match["uri"] for match in rule["match"]] for rule in rules] == [
        [{"exact": "/a"}, {"exact": "/b"}],
        [{"exact": "/c"}, {"exact": "/d"}],
        [{"prefix": "/"}],
    ]


def test_what_only_becomes_known_during_the_update_may_stand_in_any_text_or_number(declare):
    later = pulumi.Output.from_input
    route = {
        "prefix": later("/a"),
        "ignore_case": later(True),
        "methods": [later("GET")],
        "headers": {"x-a": {"exact": later("1")}},
        "backends": [{"service": later("cart"), "port": later(80), "weight": later(1), "subset": later("v1")}],
        "rewrite": {"path": later("/\\b")},
        "timeout": later("1s"),
        "retries": {"attempts": later(1), "retry_on": [later("5xx"), "reset"]},
        "fault": {"delay": {"fixed_delay": later("1s"), "percent": later(5)}},
    }
    args = {"routes": [route], "hosts": [later("a.test")]}
    (rule,) = declare(lambda: HttpbinIngress("web", args) and None).manifest("VirtualService")["spec"]["http"]
    assert rule == {
        "match": [
            {
                "uri": {"prefix": "/a"},
                "ignoreUriCase": True,
                "method": {"exact": "GET"},
                "headers": {"x-a": {"exact": "1"}},
            }
        ],
        "route": [{"destination": {"host": "cart", "port": {"number": 80}, "subset": "v1"}, "weight": 1}],
        "rewrite": {"uriRegexRewrite": {"match": "^.+$", "rewrite": "/\\\\b"}},
        "timeout": "1s",
        "retries": {"attempts": 1, "retryOn": "5xx,reset"},
        "fault": {"delay": {"fixedDelay": "1s", "percentage": {"value": 5}}},
    }


def test_a_path_prefix_and_what_takes_its_place_may_only_become_known_during_the_update(declare):
    later = pulumi.Output.from_input
    (rule,) = made(declare, {"path_prefix": later("/a.b"), "rewrite": {"prefix": later("/")}})
    assert rule["match"] == [{"uri": {"regex": r"/a\.b(/.*)?"}}]
    assert rule["rewrite"] == {"uriRegexRewrite": {"match": r"^/a\.b/?", "rewrite": "/"}}


def test_a_host_of_a_tls_gateway_takes_the_same_routes(declare):
    host = {"host": "a.test", "routes": [{"exact": "/old", "redirect": {"path": "/new"}}]}
    declared = declare(lambda: TlsGateway("web", {"hosts": [host]}) and None)
    assert declared.manifest("VirtualService")["spec"]["http"] == [
        {"match": [{"uri": {"exact": "/old"}}], "redirect": {"uri": "/new", "redirectCode": 301}}
    ]
    assert not declared.of("Deployment")


@pytest.mark.parametrize(
    ("route", "sentence"),
    [
        ({"regex": "(a"}, "regex is '(a', but must be an expression as RE2 reads it"),
        ({"regex": "/a(?!b)"}, "regex is '/a(?!b)', but must be an expression as RE2"),
        ({"regex": "/" * 1025}, "regex is '//////"),
        ({"regex": "(a)\\1"}, "regex is '(a)\\\\1', but must be an expression as RE2"),
        ({"prefix": "/a", "regex": "/b"}, "regex is '/b', but must be left out where prefix is given."),
        ({"regex": "/b", "ignore_case": True}, "ignore_case is True, but must be left out where neither exact nor"),
        ({"methods": ["GET POST"]}, "methods[0] is 'GET POST', but must be a method, such as 'GET'."),
        ({"headers": ["x-a"]}, "headers is ['x-a'], but must be a mapping by name, with something in it."),
        ({"headers": {"x-a": "1"}}, "headers.x-a is '1', but must be a mapping with the fields of TextMatch."),
        ({"headers": {"x-a": {"exact": 1}}}, "headers.x-a.exact is 1, but must be text on one line."),
        ({"headers": {"x a": {"exact": "1"}}}, "headers is 'x a', but must be a mapping by names of headers"),
        ({"headers": {"x-a": {}}}, "headers.x-a is {}, but must be one of exact, prefix, regex, present, absent, and"),
        ({"headers": {"x-a": {"exact": "1", "prefix": "2"}}}, "headers.x-a is {'exact': '1', 'prefix': '2'}, but"),
        ({"headers": {"x-a": {"present": False}}}, "headers.x-a.present is False, but must be true, or left out."),
        ({"authority": {"present": True}}, "authority is {'present': True}, but must be one of exact, prefix, regex,"),
        ({"server_port": 0}, "server_port is 0, but must be a port number from 1 to 65535."),
        ({**CART, "redirect": {"path": "/a"}}, "redirect is {'path': '/a'}, but must be left out where service is"),
        ({"redirect": {"status": 301}}, "redirect is {'status': 301}, but must be with a path, hostname, port,"),
        ({"redirect": {"path": "/a", "status": 200}}, "redirect.status is 200, but must be 301, 302, 303, 307 or 308."),
        ({"redirect": {"path": "/a", "scheme": "ftp"}}, "redirect.scheme is 'ftp', but must be one of 'http', 'https'"),
        (
            {"redirect": {"path": "/a"}, "timeout": "1s"},
            "timeout is '1s', but must be left out where redirect is given",
        ),
        ({"direct_response": {"status": 99}}, "direct_response.status is 99, but must be a status from 200 to 599."),
        ({"direct_response": {}}, "direct_response.status is missing, but must be a status from 200 to 599."),
        ({"backends": []}, "backends is [], but must be left out, or a list with something in it."),
        ({"backends": [CART, CART]}, "backends[0].weight is missing, but must be given where there are several"),
        ({"backends": [CART | {"weight": 0}]}, "backends is [0], but must be with a weight above 0 among them."),
        ({"backends": [CART], "subset": "v1"}, "subset is 'v1', but must be left out where backends is given."),
        ({"rewrite": {}}, "rewrite is {}, but must be with a prefix, path, regex or hostname."),
        ({"exact": "/a", "rewrite": {"prefix": "/b"}}, "rewrite.prefix is '/b', but must be path instead, because the"),
        ({"rewrite": {"regex": "a"}}, "rewrite.substitution is missing, but must be given, because regex and"),
        ({"rewrite": {"prefix": "/a", "path": "/b"}}, "rewrite.path is '/b', but must be left out where prefix is"),
        ({"mirrors": [CART | {"percent": 101}]}, "mirrors[0].percent is 101, but must be a number from 0 to 100."),
        ({"timeout": "5"}, "timeout is '5', but must be a duration of a millisecond or more, such as '5s',"),
        ({"timeout": 5}, "timeout is 5, but must be a duration of a millisecond or more"),
        ({"timeout": "0s"}, "timeout is '0s', but must be a duration of a millisecond or more"),
        ({"retries": {}}, "retries.attempts is missing, but must be a whole number from 0."),
        ({"retries": {"attempts": 0, "retry_on": ["5xx"]}}, "retries.attempts is 0, but must be 1 or more where more"),
        ({"retries": {"attempts": 1, "retry_on": ["5XX"]}}, "retries.retry_on[0] is '5XX', but must be one of Envoy's"),
        ({"request_headers": {}}, "request_headers is {}, but must be with set, add or remove."),
        ({"request_headers": {"set": {"Host": "b"}}}, "request_headers.set is 'Host', but must be other headers than"),
        ({"response_headers": {"remove": ["a b"]}}, "response_headers.remove[0] is 'a b', but must be a header's name"),
        ({"cors": {"allow_origins": ["https://a.test"]}}, "cors.allow_origins[0] is 'https://a.test', but must be a"),
        ({"cors": {"allow_origins": [{"present": True}]}}, "cors.allow_origins[0] is {'present': True}, but must be"),
        (
            {"cors": {"allow_origins": [{"exact": "a"}], "max_age": "1500ms"}},
            "cors.max_age is '1500ms', but must be a duration in whole seconds, such as '1h'.",
        ),
        ({"fault": {}}, "fault is {}, but must be with a delay or an abort."),
        ({"fault": {"abort": {}}}, "fault.abort is {}, but must be with http_status or grpc_status, and not both."),
        ({"fault": {"delay": {"fixed_delay": "fast"}}}, "fault.delay.fixed_delay is 'fast', but must be a duration"),
    ],
)
def test_a_wrong_route_is_refused_before_anything_is_declared(declare, route, sentence):
    def program():
        with pytest.raises(pulumi.RunError) as refused:
            HttpbinIngress("web", {"routes": [{"exact": "/open"}, route]})
        assert str(refused.value).startswith(f'HttpbinIngress "web": routes[1].{sentence}')
        assert "\n" not in str(refused.value)

    assert declare(program).resources == []


def test_an_ingress_takes_paths_and_services_only(declare):
    def program():
        with pytest.raises(pulumi.RunError, match=r"routes\[0\].timeout is '5s', but must be left out: a Kubernetes"):
            HttpbinIngress("web", {"entry": "ingress-class", "routes": [{"prefix": "/a", "timeout": "5s"}]})

    assert declare(program).resources == []


def test_a_fault_is_refused_in_production(declare):
    args = {"routes": [{"fault": {"abort": {"http_status": 503, "percent": 1}}}]}
    with pytest.raises(pulumi.RunError, match="fault-in-production"):
        declare(lambda: HttpbinIngress("web", args) and None, production="true")
    assert declare(lambda: HttpbinIngress("web", args) and None).of("VirtualService")


@pytest.mark.parametrize(
    ("text", "length"),
    [("5s", 5000), ("500ms", 500), ("1m30s", 90_000), ("1.5h", 5_400_000), ("5", None), ("s", None), ("1d", None)],
)
def test_a_duration_is_read_as_istio_reads_it(text, length):
    assert nanoseconds(text) == (length and length * MILLISECOND)


@pytest.mark.parametrize("text", ["/a/.*", r"/[(?!]+", r"\(a\)", r"/\d+", r"(?i)/a", r"(?P<x>a)", r"\pL+", r"a\\1"])
def test_an_expression_that_re2_reads_is_accepted(text):
    assert ROUTE_VALUES["regex"].holds(text)
