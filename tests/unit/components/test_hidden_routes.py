"""Routes that the gateway's pods do not see are refused where the program says where those run."""

import pulumi
import pytest

from istio_ingress import HttpbinIngress, HttpGateway, PassthroughNginx, TlsPassthrough

BACKEND = {"service": "cart", "port": 80}
COMPONENTS = {
    HttpGateway: {"hosts": [{"host": "www.shop.example", "backend": BACKEND}]},
    HttpbinIngress: {"hosts": ["www.shop.example"]},
    PassthroughNginx: {"hosts": ["www.shop.example"]},
    TlsPassthrough: {"hosts": [{"host": "www.shop.example", "backend": BACKEND}]},
}


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda component: component.__name__)
def test_routes_that_the_named_namespace_does_not_see_are_refused(declare, component):
    args = COMPONENTS[component] | {"export_to": ["."], "gateway": {"namespace": "edge"}}
    with pytest.raises(pulumi.RunError, match=r"virtualservice-hidden: VirtualService default/.* run in 'edge'"):
        declare(lambda: component("web", args) and None)


@pytest.mark.parametrize(
    "more", [{}, {"export_to": ["edge"], "gateway": {"namespace": "edge"}}], ids=["unsaid", "seen"]
)
@pytest.mark.parametrize("component", COMPONENTS, ids=lambda component: component.__name__)
def test_routes_are_taken_where_nobody_says_where_the_pods_run_or_those_see_them(declare, component, more):
    declare(lambda: component("web", COMPONENTS[component] | {"export_to": ["."]} | more) and None)
