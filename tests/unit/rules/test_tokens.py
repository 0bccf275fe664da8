"""Tokens: who reads them, and who requires them."""

from tests.unit.rules.build import names
from tests.unit.rules.shop import PODS, WEB, rule_names, shop, to


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
