"""TlsPassthrough: names whose connections go to Services as they are."""

import pulumi
import pytest

from istio_ingress import TlsPassthrough

CART = {"service": "cart", "port": 443}
TWO = [CART | {"weight": 9}, CART | {"service": "next", "weight": 1}]


def to(service, **more):
    return {"destination": {"host": service, "port": {"number": 443}}, **more}


def test_each_name_leads_to_its_own_service(declare):
    hosts = [
        {"host": "cart.example", "further_hosts": ["www.cart.example"], "backend": CART},
        {"host": "next.example", "backends": TWO},
    ]
    declared = declare(lambda: TlsPassthrough("shop", {"namespace": "shop", "hosts": hosts}) and None)
    assert declared.manifest("Gateway")["spec"]["servers"] == [
        {
            "port": {"number": 443, "name": "https-shop", "protocol": "HTTPS"},
            "hosts": ["cart.example", "www.cart.example", "next.example"],
            "tls": {"mode": "PASSTHROUGH"},
        }
    ]
    made = {r.manifest["metadata"]["name"]: r.manifest["spec"] for r in declared.of("VirtualService")}
    assert made == {
        "shop-passthrough-cart-example": {
            "hosts": ["cart.example", "www.cart.example"],
            "gateways": ["shop-passthrough"],
            "tls": [
                {
                    "match": [{"port": 443, "sniHosts": ["cart.example", "www.cart.example"]}],
                    "route": [to("cart")],
                }
            ],
        },
        "shop-passthrough-next-example": {
            "hosts": ["next.example"],
            "gateways": ["shop-passthrough"],
            "tls": [
                {
                    "match": [{"port": 443, "sniHosts": ["next.example"]}],
                    "route": [to("cart", weight=9), to("next", weight=1)],
                }
            ],
        },
    }


@pytest.mark.parametrize(
    ("host", "sentence"),
    [
        ({"host": "a.test"}, "hosts[0].backend is missing, but must be given, or backends, and not both."),
        (
            {"host": "*", "backend": CART},
            "hosts[0].host is '*', but must be a name that a client can send, so not '*'.",
        ),
        ({"host": "a.test", "backends": [CART, CART]}, "hosts[0].backends[0].weight is missing, but must be given"),
        (
            {"host": "a.test", "backends": [CART | {"request_headers": {"remove": ["a"]}}]},
            "hosts[0].backends[0].request_headers is {'remove': ['a']}, but must be left out: nobody reads headers",
        ),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_declared(declare, host, sentence):
    def program():
        with pytest.raises(pulumi.RunError) as refused:
            TlsPassthrough("shop", {"hosts": [host]})
        assert str(refused.value).startswith(f'TlsPassthrough "shop": {sentence}')

    assert declare(program).resources == []
