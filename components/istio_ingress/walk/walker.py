"""A request, walked through everything that is declared, as Istio and Envoy would take it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from istio_ingress.rules.routing import VirtualService
from istio_ingress.rules.values import MalformedError, Node, NotKnownError, UnknownValueError
from istio_ingress.walk import actions, grpc, handshake, others, paths, policies
from istio_ingress.walk.answer import GATEWAY, Answer, Result, Trail
from istio_ingress.walk.credentials import Credentials
from istio_ingress.walk.gateways import GatewayPods, Target
from istio_ingress.walk.leads import Leads
from istio_ingress.walk.listeners import Listener, Server
from istio_ingress.walk.request import Request
from istio_ingress.walk.tables import Route, RouteTable, VirtualHost
from istio_ingress.walk.world import World

#: Those that Envoy's HTTP/1 parser knows; CONNECT is none of them, because it would ask for a host and not for a path.
_METHODS = (
    " ACL BIND CHECKOUT COPY DELETE GET HEAD LINK LOCK MERGE MKACTIVITY MKCALENDAR MKCOL MOVE MSEARCH M-SEARCH "
    "NOTIFY OPTIONS PATCH POST PROPFIND PROPPATCH PURGE PUT REBIND REPORT SEARCH SOURCE SUBSCRIBE TRACE UNBIND UNLINK "
    "UNLOCK UNSUBSCRIBE "
)
_AUTHORITY = re.compile(r"[-\w.~%!$&'()*+,;=:@\[\]]*", re.ASCII)
_SHOWN = 20


def walk(world: World, request: Request, gateway: str = "") -> Result:
    """What answers a request, and why.

    Args:
        world: Everything that is declared.
        request: What is sent.
        gateway: `namespace/name` of the Service that it is sent to. By default the gateway that knows the host; where
            several do and they disagree, it is not known which is asked.
    """
    try:
        return _walked(world, request, gateway)
    except (NotKnownError, UnknownValueError, MalformedError) as error:
        return Result(unknown=_sentence(error))


def _walked(world: World, request: Request, gateway: str) -> Result:
    pods = [one for one in world.pods if not gateway or str(one) == gateway]
    if not pods:
        whose = f"no Service {gateway} has pods that run a Gateway" if gateway else "no pods run a Gateway"
        trail = Trail()
        trail.add(None, "", whose)
        return Result((Answer(refused="connection", intended=False),), tuple(trail.steps))
    results = [_Walk(world, request, one).result() for one in pods]
    return _chosen(results, pods)


def _chosen(results: list[Result], pods: list[GatewayPods]) -> Result:
    """The one result, or the one of the gateway that knows the host."""
    if len(results) == 1:
        return results[0]
    served = [one for one in results if one.unknown or any(answer.intended for answer in one.answers)]
    some = served or results
    if all(one.answers == some[0].answers and not one.unknown for one in some):
        return some[0]
    if len(some) == 1:
        return some[0]
    names = " and ".join(str(one) for one, result in zip(pods, results, strict=True) if result in some)
    return Result(steps=some[0].steps, unknown=f"{names} answer otherwise, and it is not known which of them is asked")


class _Walk:
    """One request through one gateway."""

    def __init__(self, world: World, request: Request, pods: GatewayPods) -> None:
        self.world, self.request, self.pods = world, request, pods
        self.trail = Trail()
        known = world.knowledge
        self.policies = policies.applied(world.others, pods, known.root_namespace)
        self.leads = Leads(
            world.registry, pods, self.trail, complete=known.complete, has_pods=known.has_pods, assumes=known.assumes
        )

    def result(self) -> Result:
        try:
            found = tuple(self._answers())
            answered = any(answer.intended for answer in found)
            others.refuse_host(self.world.others, self.request.domain, answered=answered)
        except (NotKnownError, UnknownValueError, MalformedError) as error:
            return Result((), tuple(self.trail.steps), _sentence(error))
        return Result(found, tuple(self.trail.steps))

    def _answers(self) -> Iterator[Answer]:
        if self.pods.assumed:
            self.trail.add(None, "", self.pods.assumed)
        others.refuse(self.world.others, self.pods, self.world.knowledge.root_namespace)
        port = self.pods.enters(self.request.port)
        if port is None:
            self.trail.add(self.pods.services[0], "spec.ports", f"has no port {self.request.port}")
            yield Answer(refused="connection", intended=False)
            return
        listener = self._listener(port)
        if listener is None:
            yield self._nobody()
        elif self.request.scheme == "https":
            yield from self._over_tls(listener)
        else:
            yield from self._in_clear(listener)

    def _nobody(self) -> Answer:
        """The answer where no server of a Gateway is for a port of the gateway's Service."""
        says = f"no server of a Gateway is for port {self.request.port}"
        if not self.world.knowledge.shared:
            self.trail.add(None, "", says)
            return Answer(refused="connection", intended=False)
        self.trail.add(None, "", f"{says} here; where another's is, the gateway has no route, and else nothing listens")
        if self.request.scheme == "https":
            return Answer(refused="handshake", intended=False)
        return Answer(GATEWAY, 404, intended=False)

    def _listener(self, port: Target) -> Listener | None:
        """Where the request comes in; None where nothing listens."""
        listeners = self.world.listeners(self.pods)
        found, bound = listeners.at(port), listeners.bound(port)
        if bound and found and len({server.protocol for server in found.plain}) > 1:
            raise NotKnownError(f"{bound[0].servers[0]} has an address of its own, and Envoy may refuse the whole port")
        elsewhere = next((one for one in bound if not one.is_local), None)
        if elsewhere:
            raise NotKnownError(f"{elsewhere.servers[0]} has an address of its own, and which is asked is not known")
        return found

    def _over_tls(self, listener: Listener) -> Iterator[Answer]:
        chain = self.world.chains(self.pods, listener).of(self.request.sni)
        self._say_contest(listener)
        if chain is None:
            name = f"the server name {self.request.sni}" if self.request.sni else "a handshake without a server name"
            self.trail.add(None, "", f"no server on port {self.request.port} is for {name}")
            yield Answer(refused="handshake", intended=False)
            return
        server = chain.server
        self.trail.add(server.gateway, server.node.path, f"takes the handshake for {self.request.sni or 'any name'}")
        if not server.passes_through:
            known = self.world.knowledge
            credentials = Credentials(
                self.world.secrets, self.pods, known.now, complete=known.complete, assumes=known.assumes
            )
            refused = credentials.refuses(server, self.request)
            for says in credentials.assumed:
                self.trail.add(None, "", says)
            if refused:
                self.trail.add(server.gateway, server.node.at("tls"), refused)
                yield Answer(refused="handshake", intended=False)
                return
        if chain.service is None or chain.route is None:
            yield from self._http(self.world.table(self.pods, listener, server), listener.port)
        else:
            self.trail.add(chain.service, chain.route.path, "takes the connection", takes=True)
            yield from self._as_bytes(chain.service, chain.route, server)

    def _in_clear(self, listener: Listener) -> Iterator[Answer]:
        self._say_contest(listener)
        if not listener.plain:
            self.trail.add(None, "", f"port {self.request.port} takes TLS only")
            yield Answer(refused="connection", intended=False)
            return
        server = listener.plain[0]
        if server.is_http:
            yield from self._http(self.world.table(self.pods, listener, server), listener.port)
            return
        found = next(handshake.tcp_routes(server, self.world.bound(server, self.pods)), None)
        if found is None:
            self.trail.add(server.gateway, server.node.path, "has no tcp route")
            yield Answer(refused="connection", intended=False)
            return
        self.trail.add(found[0], found[1].path, "takes the connection", takes=True)
        yield from self._as_bytes(*found, server)

    def _as_bytes(self, service: VirtualService, route: Node, server: Server) -> Iterator[Answer]:
        """The answers of backends to which the gateway hands bytes on: it does not look at the HTTP inside."""
        if self.policies:
            raise NotKnownError(
                f"{self.policies[0]} is for the gateway's pods, and what it does to a connection is not walked"
            )
        targets = route.nodes("route")
        some = targets if len(targets) == 1 else [one for one in targets if one.number("weight")]
        total = sum(one.number("weight") for one in some)
        for target in some:
            share = 1.0 if len(targets) == 1 else target.number("weight") / total
            found = self.leads.follow(service, target.node("destination"), server.number)
            if found.by == GATEWAY:
                found = Answer(refused="connection", intended=False)
            else:
                found = replace(found, path=self.request.path, host=self.request.authority)
            yield found.of_share(share)

    def _http(self, table: RouteTable, port: Target) -> Iterator[Answer]:
        unreadable, bad = _unreadable(self.request), _bad(self.request)
        if unreadable or bad:
            self.trail.add(None, "", unreadable or bad)
            answers: Iterable[Answer] = [Answer(GATEWAY, 400, intended=False)]
        else:
            answers = self._over_http(table, port)
        for answer in answers:
            yield answer if unreadable else grpc.answer(answer, self.request)

    def _over_http(self, table: RouteTable, port: Target) -> Iterator[Answer]:
        request = replace(self.request, path=paths.normalised(self.request.path))
        policy = policies.denied_by(self.policies, request, port)
        if policy:
            self.trail.add(policy, "spec.rules", "refuses it")
            yield Answer(GATEWAY, 403, intended=False)
            return
        host = table.virtual_host(request.domain)
        if host is None:
            yield self._unrouted(table, f"no route of a VirtualService is for the host {request.domain}")
            return
        if host.redirects and request.scheme == "http":
            self.trail.add(host.redirects.gateway, host.redirects.node.at("tls.httpsRedirect"), "redirects to HTTPS")
            yield actions.https_redirect(request)
            return
        route = self._taken(host, request)
        if route is None:
            yield self._unrouted(table, f"no route of the host {host.domain} takes it")
            return
        self.trail.add(route.route.root, route.path, f"takes it: {route.match}", takes=True)
        if route.route.service is not route.route.root:
            self.trail.add(route.route.service, route.node.path, "has the route, as a delegate")
        for field, does in actions.injected(route.node):
            self.trail.add(route.route.service, route.node.at(field), does)
        yield from actions.answers(route, request, self._lead)

    def _unrouted(self, table: RouteTable, says: str) -> Answer:
        for service, path, why in table.left_out(self.request.domain):
            self.trail.add(service, path, why)
        self.trail.add(None, "", says)
        return Answer(GATEWAY, 404, intended=False)

    def _lead(self, route: Route, destination: Node) -> Answer:
        return self.leads.follow(route.route.service, destination, route.place.port)

    def _taken(self, host: VirtualHost, request: Request) -> Route | None:
        """The first route that takes it, if that is the same one whatever is older."""
        found = self._first(host.routes, request, shown=True)
        for order in host.orders:
            other = self._first(order, request, shown=False)
            if found is not None and other is not None and _differ(found, other):
                one, two = found.route.root, other.route.root
                if one is two:
                    raise NotKnownError(f"two Gateways have {host.domain}, and it is not known which is older")
                raise NotKnownError(f"{one} and {two} both take it, and it is not known which is older")
        return found

    def _first(self, routes: tuple[Route, ...], request: Request, *, shown: bool) -> Route | None:
        for position, route in enumerate(routes):
            missed = route.match.misses(request)
            if not missed:
                return route
            if shown and position < _SHOWN:
                self.trail.add(route.route.root, route.path, f"does not take it: {missed}")
        return None

    def _say_contest(self, listener: Listener) -> None:
        """Where it is not known which of two servers is dropped, and the request is for one of them."""
        for one, other in listener.contested:
            names = {name.lower() for server in (one, other) for name in server.server_names}
            if handshake.is_among(self.request.sni or self.request.domain, names) or one.is_http != other.is_http:
                raise NotKnownError(f"{one} and {other} exclude each other, and it is not known which is older")
        for server, why in listener.dropped:
            if handshake.is_among(self.request.sni or self.request.domain, set(server.server_names)):
                self.trail.add(server.gateway, server.node.path, f"is left out: {why}")


def _differ(one: Route, other: Route) -> bool:
    return (id(one.route.service), one.path, one.place.port) != (id(other.route.service), other.path, other.place.port)


def _unreadable(request: Request) -> str:
    """Why the gateway cannot read it as HTTP; empty when it can."""
    if not _AUTHORITY.fullmatch(request.authority):
        return f"{request.host!r} is no Host"
    if f" {request.method} " not in _METHODS:
        return f"{request.method!r} is no method that the gateway knows"
    return ""


def _bad(request: Request) -> str:
    """Why the gateway refuses it before it looks for a route; empty when it does not."""
    if request.host is None:
        return "there is no Host"
    return "the path has a %00" if "%00" in paths.without_query(request.path) else ""


def _sentence(error: Exception) -> str:
    if isinstance(error, UnknownValueError):
        return f"{error.args[0]} is not known yet"
    return str(error)
