"""Gateways, VirtualServices and requests, drawn from everything that Istio lets a server and a route say.

A case is one domain with names of its own. Of what is drawn, the webhook may refuse some; what the cluster has counts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any

from istio_ingress.walk import Request, RequestError
from tests.e2e.walks import routes

Manifest = dict[str, Any]
#: Ports where all servers have an address of their own, by whether they speak HTTP in clear.
BOUND = {True: 8083, False: 8445}
_FILES = {"serverCertificate": "/etc/files/tls.crt", "privateKey": "/etc/files/tls.key"}
_CIPHERS = ["ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-GCM-SHA256"]


@dataclass
class Case:
    """The objects of one domain, in the order in which they are made, and what is asked."""

    domain: str
    waves: list[list[Manifest]] = field(default_factory=lambda: [[], []])
    """Those of the second are a second younger."""
    requests: list[tuple[Request, str]] = field(default_factory=list)
    """With the certificate that the client shows: `ours`, `foreign`, or none."""

    @property
    def manifests(self) -> list[Manifest]:
        """All objects."""
        return [one for wave in self.waves for one in wave]


def case(seed: str, number: int, namespace: str) -> Case:
    """One case; the same for the same seed and number."""
    return _Drawn(Random(f"{seed} {number}"), Case(f"c{number}.{namespace}.test"), number, namespace).case()


def _is_slow(tls: Manifest) -> bool:
    """Whether its listener waits for a Secret that never comes: on one port only, for the others' sake."""
    names = [tls.get("credentialName"), *tls.get("credentialNames", [])]
    return "no-such" in names or ("MUTUAL" in tls["mode"] and "served" in names)


def _apart(hosts: list[str]) -> list[str]:
    """Those that no other one is a wildcard over: Istio refuses both in one VirtualService."""
    return [
        one
        for one in dict.fromkeys(hosts)
        if not any(one != wide and wide[0] == "*" and one.endswith(wide[1:]) for wide in hosts)
    ]


class _Drawn:
    def __init__(self, random: Random, made: Case, number: int, namespace: str) -> None:
        self.random, self.made, self.number, self.namespace = random, made, number, namespace
        domain = made.domain
        self.names = [f"a.{domain}", f"b.{domain}", f"x.s.{domain}", domain]
        self.wide = [f"*.{domain}", f"*.s.{domain}"]
        # Only handed on by their server name: Envoy refuses a listener where a server ends TLS for the same name.
        self.inner = [f"p.{domain}", f"q.p.{domain}", f"*.p.{domain}"]
        self.gateways: list[str] = []
        self.of_the_mesh = False
        self.scopes: dict[str, str] = {}
        self.paths = ["/"]
        self.places: list[tuple[str, int, str]] = []
        self.served: dict[str, list[tuple[str, int, str]]] = {}

    def case(self) -> Case:
        kinds = self.random.choices(
            ["http", "https", "mutual", "passthrough", "tcp", "files"], [9, 5, 3, 2, 1, 1], k=self.random.randint(1, 3)
        )
        for position, kind in enumerate(kinds):
            self._gateway(position, kind)
        for position in range(self.random.choice([1, 1, 2, 2, 3])):
            self._service(position, kinds)
        for _ in range(16):
            self._request(kinds)
        return self.made

    def _put(self, kind: str, name: str, spec: Manifest, namespace: str | None = None) -> None:
        api = "networking.istio.io/v1"
        metadata = {"name": f"c{self.number}-{name}", "namespace": namespace or self.namespace}
        self.random.choice(self.made.waves).append(
            {"apiVersion": api, "kind": kind, "metadata": metadata, "spec": spec}
        )

    def _some(self, among: list[Any], most: int = 3) -> list[Any]:
        return self.random.sample(among, self.random.randint(1, min(most, len(among))))

    def _hosts(self, kind: str) -> list[str]:
        hosts = self._some(self.inner if kind == "passthrough" else [*self.names, *self.wide, self.wide[0]])
        if kind not in ("http", "tcp"):
            # Alike in all servers: istiod takes `ns/a` and `a` for two, and Envoy refuses the listener then.
            return [self.scopes.setdefault(host, self.random.choice(["", "", "", "", "./"])) + host for host in hosts]
        scopes = [f"{self.namespace}/", "./", "*/", f"{self.namespace}-b/"]
        return list(
            dict.fromkeys(self.random.choice(scopes) + host if self.random.random() < 0.12 else host for host in hosts)
        )

    def _gateway(self, position: int, kind: str) -> None:
        name = self.random.choice("amz") + str(position)
        self.gateways.append(f"c{self.number}-{name}")
        before = len(self.places)
        servers = [self._noted(self._server(kind, place)) for place in range(self.random.choice([1, 1, 1, 2]))]
        selector = self.random.choice([{"walked": self.namespace}, {"walked": self.namespace, "site": "front"}])
        self._put("Gateway", name, {"selector": selector, "servers": servers})
        self.served[self.gateways[-1]] = self.places[before:]

    def _noted(self, server: Manifest) -> Manifest:
        """Where requests have a chance: scheme, port and host."""
        scheme = "https" if "mode" in server.get("tls", {}) else "http"
        number = {8080: 80}.get(server["port"]["number"], server["port"]["number"])
        if number not in BOUND.values():
            self.places += [(scheme, number, host.rpartition("/")[2]) for host in server["hosts"]]
        return server

    def _server(self, kind: str, place: int) -> Manifest:
        made: Manifest = {"hosts": self._hosts(kind)}
        if self.random.random() < 0.1:
            made["name"] = f"c{self.number}-server-{place}"
        if self.random.random() < 0.03:
            made["defaultEndpoint"] = "127.0.0.1:80"
        if kind == "http":
            made["port"] = self._port(
                self.random.choice([80, 80, 80, 8081, 8080]), self.random.choice(["HTTP", "HTTP2", "GRPC"]), place
            )
            if self.random.random() < 0.12:
                made["tls"] = {"httpsRedirect": True}
        elif kind == "tcp":
            made["port"] = self._port(9000, "TCP", place)
        else:
            protocol = "TLS" if kind == "passthrough" and self.random.random() < 0.5 else "HTTPS"
            if kind == "https" and self.random.random() < 0.1:
                protocol = "TLS"
            made["port"] = self._port(self.random.choice([443, 443, 8444]), protocol, place)
            made["tls"] = self._tls(kind)
            if _is_slow(made["tls"]):
                made["port"]["number"] = 8444
        if self.random.random() < 0.03:
            made["port"]["targetPort"] = 8080
        if kind != "tcp" and self.random.random() < 0.05:
            # On a port of their own: Envoy refuses a listener where protocols and addresses mix, for everybody.
            made["bind"], made["port"]["number"] = "127.0.0.9", BOUND[kind == "http"]
        return made

    @staticmethod
    def _port(number: int, protocol: str, place: int) -> Manifest:
        return {"number": number, "name": f"port-{place}", "protocol": protocol}

    def _tls(self, kind: str) -> Manifest:
        if kind == "passthrough":
            return {"mode": self.random.choice(["PASSTHROUGH"] * 4 + ["AUTO_PASSTHROUGH"])}
        if kind == "files":
            return {"mode": "SIMPLE"} | self.random.choice(
                [_FILES, {"tlsCertificates": [dict(_FILES, caCertificates="/etc/files/ca.crt")]}]
            )
        made: Manifest = {"mode": "SIMPLE", "credentialName": self.random.choice(["served"] * 5 + ["no-such"])}
        if kind == "mutual":
            made = {
                "mode": self.random.choice(["MUTUAL", "OPTIONAL_MUTUAL"]),
                "credentialName": self.random.choice(["mutual", "apart", "served"]),
            }
            for name, value, often in (
                ("subjectAltNames", self.random.choice([["client.test"], ["other.test"]]), 0.2),
                ("caCertCredentialName", "mutual-cacert", 0.2),
                ("insecureSkipVerify", True, 0.1),
                ("verifyCertificateHash", ["ab" * 32], 0.06),
                ("verifyCertificateSpki", ["YWJhYmFiYWJhYmFiYWJhYmFiYWJhYmFiYWJhYmFiYWI="], 0.06),
                ("caCertificates", "/etc/files/ca.crt", 0.06),
                ("caCrl", "/etc/files/none.pem", 0.02),
            ):
                if self.random.random() < often:
                    made[name] = value
            if self.random.random() < 0.08:
                made, self.of_the_mesh = {"mode": "ISTIO_MUTUAL"}, True
        elif self.random.random() < 0.15:
            made = {"mode": "SIMPLE", "credentialNames": self.random.choice([["served"], ["no-such"]])}
        for name, value in (
            ("minProtocolVersion", "TLSV1_2"),
            ("maxProtocolVersion", "TLSV1_3"),
            ("cipherSuites", _CIPHERS),
        ):
            if self.random.random() < 0.08:
                made[name] = value
        return made

    def _bound(self) -> list[str]:
        names = self._some(self.gateways, 2)
        bare = [self.random.choice([name, f"{self.namespace}/{name}"]) for name in names]
        return [*bare, "mesh"] if self.random.random() < 0.05 else bare

    def _service(self, position: int, kinds: list[str]) -> None:
        elsewhere = self.random.random() < 0.15
        namespace = f"{self.namespace}-b" if elsewhere else self.namespace
        bound = (
            [f"{self.namespace}/{name.rpartition('/')[2]}" for name in self._bound()] if elsewhere else self._bound()
        )
        places = [place for name in bound for place in self.served.get(name.rpartition("/")[2], [])]
        served = [host for _, _, host in places]
        among = served if served and self.random.random() < 0.75 else [*self.names, *self.wide]
        spec: Manifest = {"hosts": _apart(self._some(among, 2)), "gateways": bound}
        if self.random.random() < 0.12:
            spec["exportTo"] = self.random.choice(
                [["*"], ["."], [f"{self.namespace}-gw"], [f"{self.namespace}-b"], [".", f"{self.namespace}-gw"]]
            )
        if {"passthrough"} & set(kinds) and self.random.random() < 0.7:
            spec["hosts"] = _apart(
                self._some(self.inner) if self.random.random() < 0.6 else spec["hosts"] + self._some(self.inner)
            )
            handed = [host for host in spec["hosts"] if host in self.inner]
            if handed:
                spec["tls"] = [self._l4("tls", handed) for _ in range(self.random.randint(1, 2))]
        if {"tcp", "https"} & set(kinds) and self.random.random() < 0.5:
            spec["tcp"] = [self._l4("tcp", [])]
        if "tls" not in spec or self.random.random() < 0.6:
            drawn = routes.Routes(self.random, self.namespace, bound, self.names)
            spec["http"] = [drawn.route() for _ in range(self.random.randint(1, 4))]
            self.paths += drawn.paths
            self._delegate(drawn, spec, position, namespace)
        self._put("VirtualService", self.random.choice("amz") + f"v{position}", spec, namespace)

    def _delegate(self, drawn: routes.Routes, spec: Manifest, position: int, namespace: str) -> None:
        if self.random.random() > 0.2:
            return
        inner = drawn.prefix()
        name = self.random.choice([f"d{position}", f"d{position}", "no-such"])
        where = self.random.choice([namespace, f"{self.namespace}-b"])
        root = {"match": [{"uri": {"prefix": inner}}], "delegate": {"name": f"c{self.number}-{name}"}}
        if where != namespace:
            root["delegate"]["namespace"] = where
        if self.random.random() < 0.3:
            root["headers"] = {"request": {"set": {"x-a": "from-root"}}}
        spec["http"].insert(self.random.randint(0, len(spec["http"])), root)
        some = [drawn.route(below=inner) for _ in range(self.random.randint(1, 3))]
        exported = {"exportTo": ["."]} if self.random.random() < 0.1 else {}
        self._put("VirtualService", f"d{position}", {"http": some, **exported}, where)
        self.paths += drawn.paths

    def _l4(self, kind: str, hosts: list[str]) -> Manifest:
        drawn = routes.Routes(self.random, self.namespace, self.gateways, self.names)
        match: Manifest = {"sniHosts": self._some(hosts)} if kind == "tls" else {}
        if self.random.random() < 0.2:
            match["port"] = self.random.choice([443, 9000])
        if self.random.random() < 0.1:
            match["gateways"] = [self.random.choice(self.gateways)]
        for name, value in (
            ("sourceLabels", {"app": "none"}),
            ("sourceNamespace", "none"),
            ("destinationSubnets", ["10.0.0.0/8"]),
        ):
            if self.random.random() < 0.05:
                match[name] = value
        if kind == "tcp" and self.random.random() < 0.05:
            match["sourceSubnet"] = "10.0.0.0/8"
        among = [("secure", 443, ""), ("secure", 443, "wide")]
        if kind == "tcp":
            among = [("one", 80, ""), ("one", 80, "v2"), ("two", 8080, ""), ("empty", 80, ""), ("one", 80, "v9")]
        some = self.random.sample(among, 2 if self.random.random() < 0.3 else 1)
        route: list[Manifest] = []
        for host, port, subset in some:
            named = {"subset": subset} if subset else {}
            route.append({"destination": {"host": drawn.full(host), "port": {"number": port}, **named}})
        if len(route) > 1:
            route[0]["weight"], route[1]["weight"] = 60, 40
        return {"match": [match], "route": route} if match else {"route": route}

    def _request(self, kinds: list[str]) -> None:
        scheme, port, name = (
            self.random.choice(self.places) if self.places and self.random.random() < 0.85 else self._anywhere(kinds)
        )
        if name.startswith("*."):
            name = self.random.choice([f"y{name[1:]}", f"a{name[1:]}", f"x.s{name[1:]}", name[2:]])
        secure = scheme == "https"
        url = f"{scheme}://{name}:{port}{self._path()}"
        headers: list[tuple[str, str | None]] = routes.headers(self.random)
        if self.random.random() < 0.85:
            headers.append(("Host", name))
        elif self.random.random() < 0.5:
            headers.append(
                (
                    "Host",
                    self.random.choice([name.upper(), f"{name}.", self.random.choice(self.names), f"{name}:80", None]),
                )
            )
        sni = self.random.choice([None] * 15 + [self.random.choice(self.names), "", name.upper()])
        # Whose certificates a mesh takes is in no manifest.
        asks = secure and not self.of_the_mesh
        shown = self.random.choice(["", "ours", "ours", "foreign"]) if asks else ""
        try:
            sent = Request.of(url, self.random.choice(routes.METHODS), headers, sni)
        except RequestError:
            return
        self.made.requests.append((sent, shown))

    def _anywhere(self, kinds: list[str]) -> tuple[str, int, str]:
        scheme = "https" if self.random.random() < (0.75 if kinds[0] not in ("http", "tcp") else 0.2) else "http"
        ports = {"https": [443] * 9 + [8444] * 3 + [8445], "http": [80] * 12 + [8081] * 3 + [8083]}[scheme]
        domain = self.made.domain
        return scheme, self.random.choice(ports), self.random.choice([*self.names, f"y.{domain}", f"y.s.{domain}"])

    def _path(self) -> str:
        path = self.random.choice(self.paths)
        path += self.random.choice(["", "", "", "", "", "", "/", "/x", "x", "/../y", "/./z", "//w", "/%41", "/A%2fB"])
        path = self.random.choice([path.upper(), path.title()]) if self.random.random() < 0.15 else path
        return path + self.random.choice(["", "", "", "", "?q=1", "?q=2&r=", "?r=1&q=1", "?q=1&q=2", "?q"])
