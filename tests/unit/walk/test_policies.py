"""AuthorizationPolicies, which are asked before any route is."""

import pytest

from tests.unit.rules.build import manifest, virtual_service
from tests.unit.walk.asking import SHOP, answer, ask, to


def policy(action, *rules, namespace="istio-system", **labels):
    spec = {"action": action, "rules": list(rules), **({"selector": {"matchLabels": labels}} if labels else {})}
    return {**manifest("AuthorizationPolicy", action.lower(), spec, namespace), "apiVersion": "security.istio.io/v1"}


def operations(*some, **more):
    return {"to": [{"operation": one} for one in some], **more}


@pytest.mark.parametrize(
    ("policies", "statuses"),
    [
        ([policy("DENY", operations({"hosts": ["SHOP.example", "shop.example:*"]}))], [403, 403, 403]),
        ([policy("DENY", operations({"paths": ["/admin*"], "notMethods": ["GET"]}))], [None, None, 403]),
        (
            [policy("DENY", operations({"ports": ["8080"]}, when=[{"key": "request.headers[x-a]", "values": ["1"]}]))],
            [None, 403, None],
        ),
        ([policy("DENY")], [None, None, None]),
        ([policy("ALLOW", operations({"paths": ["/"]}))], [None, 403, 403]),
        (
            [
                policy("ALLOW", operations({"methods": ["POST"]}, {"paths": ["*/x"]})),
                policy("DENY", {"when": []}, site="b"),
            ],
            [403, 403, None],
        ),
        ([policy("ALLOW")], [403, 403, 403]),
        ([policy("ALLOW", namespace="shop")], [None, None, None]),
    ],
)
def test_a_policy_refuses_before_any_route_is_asked(policies, statuses):
    routes = virtual_service("shop", "shop.example", http=[to("cart")])
    asked = [
        {},
        {"url": "http://shop.example/admin", "headers": [("x-a", "1")]},
        {"url": "http://shop.example/admin", "method": "POST"},
    ]
    assert [answer(SHOP, routes, *policies, **one).status for one in asked] == statuses


@pytest.mark.parametrize(
    ("action", "dry_run", "code"),
    [
        ("DENY", "true", 0),
        ("DENY", "1", 0),
        ("ALLOW", "True", 0),
        ("AUDIT", "false", 0),
        ("DENY", "false", 1),
        ("DENY", "yes", 1),
        ("CUSTOM", "true", 2),
    ],
)
def test_a_policy_on_trial_refuses_nothing(action, dry_run, code):
    routes = virtual_service("shop", "shop.example", http=[to("cart")])
    rules = [] if action == "ALLOW" else [{}]
    tried = policy(action, *rules)
    tried["metadata"]["annotations"] = {"istio.io/dry-run": dry_run}

    assert ask(SHOP, routes, tried).exit_code == code


@pytest.mark.parametrize("action", ["DENY", "ALLOW", "CUSTOM"])
def test_who_the_client_is_is_not_known(action):
    routes = virtual_service("shop", "shop.example", http=[to("cart")])
    rule = operations({"paths": ["/admin"]}, **{"from": [{"source": {"ipBlocks": ["10.0.0.0/8"]}}]})
    assert ask(SHOP, routes, policy(action, rule), url="http://shop.example/admin").exit_code == 2
    assert ask(SHOP, routes, policy(action, rule)).exit_code == (1 if action == "ALLOW" else 0)
