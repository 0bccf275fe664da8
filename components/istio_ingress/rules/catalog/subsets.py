"""Rules about the subsets that routes name, and the DestinationRules that must have them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from istio_ingress.rules.catalog.destinations import blind_to, homes, target
from istio_ingress.rules.catalog.examples import GATEWAY, GATEWAY_PODS, HTTP_SERVER, SERVICE, VIRTUAL_SERVICE
from istio_ingress.rules.finding import Problem, Severity
from istio_ingress.rules.hosts import is_no_service
from istio_ingress.rules.index import Index
from istio_ingress.rules.registry import Example, rule
from istio_ingress.rules.routing import MESH, Destination, DestinationRule, Service, ServiceEntry
from istio_ingress.rules.words import some, those_of

_ROUTE = """
  hosts: [shop.example]
  gateways: [shop]
  http: [{route: [{destination: {host: cart, subset: v1, port: {number: 8000}}}]}]
"""
_RULE = """apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: cart, namespace: shop}
spec:
  host: cart
  subsets: [{name: v1, labels: {version: v1}}]
"""
_SUBSET = f"{VIRTUAL_SERVICE}{_ROUTE}---\n{SERVICE}\n---\n{_RULE}"


@rule(
    Destination,
    "route-subset-missing",
    Severity.ERROR,
    misses=True,
    needs=("subset",),
    source="istio pkg/config/analysis IST0101 ReferencedResourceNotFound (host+subset); istio/istio#6335, #8420",
    example=Example.fixed(_SUBSET.replace("subset: v1", "subset: v2"), ("subset: v2", "subset: v1")),
)
def route_subset_missing(destination: Destination, index: Index) -> Iterator[Problem]:
    """A route to a subset that no DestinationRule of the Service has answers 503."""
    subset = destination.node.text("subset")
    if not subset:
        return
    rules = index.destination_rules_for(destination.host, destination.service.namespace)
    known = {name for rule in rules for name in rule.subsets}
    path = destination.node.at("subset")
    full = index.full_host(destination.host, destination.service)
    own = [rule for rule in rules if index.is_for(rule, full)]
    if own and subset not in known:
        yield Problem(
            destination.service,
            path,
            f"There is no subset {subset!r} in {some(own)}{those_of(sorted(known))}.",
            "Add it to the DestinationRule, before the route, or use one that is there.",
            absent_from="*",
        )
    elif subset not in known:
        meant = _for_another_namespace(destination, subset, index)
        if meant:
            yield Problem(
                destination.service,
                path,
                f"No DestinationRule here is for {full!r}: {meant} has the host {meant.spec.text('host')!r}, which is "
                f"short for one in {meant.namespace!r}.",
                f"Write the host of {meant} as {full!r}, in the namespace of the Service.",
            )
        elif index.settings.complete:
            yield Problem(
                destination.service,
                path,
                f"The subset is {subset!r}, and there is no DestinationRule for {full!r}.",
                "Add one with the subset, or take the subset away.",
            )


@rule(
    DestinationRule,
    "destination-rule-host-case",
    Severity.WARNING,
    source="istio pilot/pkg/model/push_context.go setDestinationRules (hosts are compared as they are written)",
    example=Example.fixed(_RULE.replace("host: cart", "host: Cart"), ("host: Cart", "host: cart")),
)
def destination_rule_host_case(rule: DestinationRule, index: Index) -> Iterator[Problem]:
    """Services have names in lower case, and a DestinationRule is for the host just as it is written."""
    host = rule.spec.text("host")
    if host == host.lower():
        return
    written = {one for entry in index.service_entries for one in entry.known_spec.known_texts("hosts")}
    is_of_a_service = is_no_service(host, index.settings.cluster_domain)
    if host not in written and (is_of_a_service or host.lower() in written):
        yield Problem(
            rule,
            "spec.host",
            f"Nothing is called {host!r}, so the rule is for no connection.",
            f"Write {host.lower()!r}.",
        )


@rule(
    Destination,
    "destination-rule-hidden",
    Severity.ERROR,
    needs=("subset",),
    source="istio pilot/pkg/model/push_context.go destinationRule; "
    "Istio traffic management best practices: cross namespace configuration",
    example=Example.fixed(
        f"{GATEWAY}\n{HTTP_SERVER}\n---\n{GATEWAY_PODS}\n---\n{_SUBSET}".replace(
            "name: cart, namespace: shop}\nspec:\n  host: cart",
            "name: cart, namespace: blog}\nspec:\n  host: cart.shop.svc.cluster.local",
        ),
        ("name: cart, namespace: blog", "name: cart, namespace: shop"),
    ),
)
def destination_rule_hidden(destination: Destination, index: Index) -> Iterator[Problem]:
    """A gateway looks for DestinationRules in its own namespace, in the Service's and in Istio's, and nowhere else."""
    subset, service = destination.node.text("subset"), destination.service
    if not subset:
        return
    rules = [
        rule for rule in index.destination_rules_for(destination.host, service.namespace) if subset in rule.subsets
    ]
    for gateway, pods in blind_to(rules, destination, index):
        yield Problem(
            service,
            destination.node.at("subset"),
            f"The pods of {gateway} run in {pods!r} and do not see {some(rules)}, which has the subset {subset!r}.",
            f"Put the DestinationRule into the Service's namespace, {sorted(homes(destination, index))[0]!r}, and "
            f"export it to {pods!r} or all.",
        )
        return


@rule(
    Destination,
    "route-service-hidden",
    Severity.ERROR,
    source="istio pkg/config/analysis IST0101 ReferencedResourceNotFound (host); "
    "istio pilot/pkg/model/push_context.go initServiceRegistry (networking.istio.io/exportTo)",
    example=Example.fixed(
        f"{GATEWAY}\n{HTTP_SERVER}\n---\n{GATEWAY_PODS}\n---\n{VIRTUAL_SERVICE}{_ROUTE}---\n{SERVICE}\n".replace(
            "subset: v1, ", ""
        ).replace("name: cart,", "name: cart, annotations: {networking.istio.io/exportTo: blog},"),
        ("exportTo: blog", "exportTo: 'blog,istio-system'"),
    ),
)
def route_service_hidden(destination: Destination, index: Index) -> Iterator[Problem]:
    """A Service or ServiceEntry not exported to where a route is used does not exist there: the route answers 503."""
    service = destination.service
    meant = _meant(destination, index)
    if not meant or not all(held.namespace for held in meant):
        return
    users = {pods for gateway in index.gateways_of(service) for pods in index.gateway_namespaces(gateway)}
    if MESH in service.gateways:
        users |= {service.namespace if one in ("*", ".") else one for one in service.exports} - {"", "~"}
    hidden = sorted(user for user in users if not any(held.is_exported_to(user) for held in meant))
    if hidden:
        exporting = "annotation networking.istio.io/exportTo" if isinstance(meant[0], Service) else "exportTo"
        yield Problem(
            service,
            destination.node.at("host"),
            f"{meant[0]} is exported to {some(meant[0].exports)}, and the route is used in "
            f"{some(map(repr, hidden))}, which does not see it.",
            f"Add {hidden[0]!r} to its {exporting}, or take that away.",
        )


def _meant(destination: Destination, index: Index) -> Sequence[Service | ServiceEntry]:
    """The Service and the ServiceEntries of a destination's host, hidden or not; none if there may be more of them."""
    meant = target(destination, index)
    entries = index.entries_for(destination.host, destination.service.namespace)
    if meant.service:
        return [meant.service, *entries]
    if meant.key:
        return []  # the Service may be in another file
    is_told_missing = not meant.entries and index.has_all(index.services, "")  # by route-service-missing
    return [] if is_told_missing else entries


def _for_another_namespace(destination: Destination, subset: str, index: Index) -> DestinationRule | None:
    """A DestinationRule beside the VirtualService whose short host was meant for the destination's Service."""
    key, own = target(destination, index).key, destination.service.namespace
    if key is None or not own or key[0] == own or index.services.find(own, key[1]):
        return None
    rules = index.destination_rules_for(key[1], own)
    return next((rule for rule in rules if rule.namespace == own and subset in rule.subsets), None)
