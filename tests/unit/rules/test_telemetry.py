"""Telemetry: filters and tags that are expressions, as far as CEL's parser can tell."""

import pytest

from istio_ingress.rules import UNKNOWN
from tests.unit.rules.build import check, manifest


def refused(expression):
    logging = {"providers": [{"name": "envoy"}], "filter": {"expression": expression}}
    made = manifest("Telemetry", "shop", {"accessLogging": [logging]})
    return [finding.message for finding in check({**made, "apiVersion": "telemetry.istio.io/v1"})]


@pytest.mark.parametrize(
    "expression",
    [
        "response.code >= 400",
        "!has(response.code) || -response.code < -499",
        "request.headers['x-shop'] == \"it's\" ? response.code in [500, 503,] : false",
        "request.url_path.startsWith('/a') && [1, 2].exists(one, one > 1)",
        r"request.path.matches(r'^/\d+\') || request.path == '\'' || b'x' == bR'\y'",
        "// only errors\nresponse.code / 100 == 5u && .a.b{c: 1}.d != 1e3 - .5",
        "true",
        UNKNOWN,
    ],
)
def test_what_may_be_an_expression_is_let_through(expression):
    assert refused(expression) == []


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("", "it is empty"),
        (" // nothing", "it is empty"),
        ("response.code = 500", "= has no meaning here"),
        ("response.code >= 400 and request.method == 'GET'", "there is no operator before and"),
        ("response.code >= 400 &&", "a value is missing behind &&"),
        ("(response.code >= 400", "( is not closed"),
        ("response.code >= 400)", ") closes nothing"),
        ("[response.code)", ") closes nothing"),
        ("(response.code >=)", "a value is missing before )"),
        ("request.method == 'GET", "a text is not closed"),
        ("response.code >= 400, true", ", has no meaning here"),
        ("response.code ! 400", "! has no meaning here"),
        ("== 400", "a value is missing before =="),
        ("%RESPONSE_CODE% >= 400", "a value is missing before %"),
    ],
)
def test_what_is_no_expression_is_refused(expression, why):
    assert refused(expression) == [f"This is no expression: {why}."]


def tagged(tag):
    overrides = [{"match": {"metric": "ALL_METRICS"}, "tagOverrides": {"from": tag}}]
    made = manifest("Telemetry", "shop", {"metrics": [{"overrides": overrides}]})
    return check({**made, "apiVersion": "telemetry.istio.io/v1"})


@pytest.mark.parametrize("value", ["%REQ(x-request-id)%", "%{CLUSTER_NAME}", "request.headers['x-shop'", "shop one"])
def test_a_tag_whose_value_is_no_expression_is_lost(value):
    assert [finding.rule for finding in tagged({"value": value})] == ["telemetry-tag-lost"]


@pytest.mark.parametrize(
    "tag",
    [
        {"value": "request.headers['x-shop'] == 'none'"},
        {"value": "upstream_peer.labels['app'].value"},
        {"value": "'a text'"},
        {"value": UNKNOWN},
        {"operation": "REMOVE"},
        UNKNOWN,
    ],
)
def test_a_tag_that_may_have_a_value_keeps_it(tag):
    assert tagged(tag) == []
