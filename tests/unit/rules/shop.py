"""A shop and its Gateway: what the tests of many rules begin with."""

from tests.unit.rules.build import gateway, http, names, pods, route, virtual_service

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


def made(kind, group, **spec):
    return {
        "apiVersion": f"{group}/v1",
        "kind": kind,
        "metadata": {"name": "shop", "namespace": "istio-system"},
        "spec": spec,
    }
