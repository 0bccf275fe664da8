"""HTTP routes, drawn from everything that Istio lets one say, and the paths and headers that are near their matches."""

from __future__ import annotations

from random import Random
from typing import Any

Manifest = dict[str, Any]
METHODS = ["GET"] * 6 + ["POST", "PUT", "HEAD", "OPTIONS", "DELETE", "PATCH", "get"]
_SEGMENTS = ["/api", "/api/", "/a", "/b", "/A", "/a/b", "/old", "/v1", "/x.y", "/c-d"]
_VALUES = ["1", "2", "one", "One", "", "12"]
_ORIGINS = ["https://ok.test", "https://a.ok.test", "https://bad.test"]


def headers(random: Random) -> list[tuple[str, str | None]]:
    """Of a request."""
    found: list[tuple[str, str | None]] = []
    for name in ("x-a", "X-B", "x-c"):
        if random.random() < 0.4:
            found += [(name, random.choice(_VALUES)) for _ in range(random.choice([1, 1, 1, 2]))]
    if random.random() < 0.2:
        found.append(("Origin", random.choice(_ORIGINS)))
        if random.random() < 0.6:
            found.append(("Access-Control-Request-Method", "PUT"))
    return found


class Routes:
    """Draws routes for a VirtualService."""

    def __init__(self, random: Random, namespace: str, gateways: list[str], names: list[str]) -> None:
        self.random, self.namespace, self.gateways, self.names = random, namespace, gateways, names
        self.paths: list[str] = []

    def full(self, host: str) -> str:
        """A Service's host that is the same in every namespace."""
        return f"{host}.{self.namespace}.svc.cluster.local"

    def prefix(self) -> str:
        """A path to begin with."""
        self.paths.append(self.random.choice(_SEGMENTS))
        return self.paths[-1]

    def often(self, share: float) -> bool:
        """Whether to do what is done so often."""
        return self.random.random() < share

    def route(self, below: str = "") -> Manifest:
        """One route."""
        made: Manifest = {}
        if self.often(0.85):
            made["match"] = [self._match(below) for _ in range(self.random.choice([1, 1, 1, 2]))]
        action = self.random.choices(["route", "redirect", "direct"], [8, 2, 1])[0]
        {"route": self._leads, "redirect": self._redirects, "direct": self._answers}[action](made)
        if self.often(0.15):
            made["corsPolicy"] = self._cors()
        if self.often(0.25):
            made["headers"] = self._headers(authority=action == "route" and "authority" not in made.get("rewrite", {}))
        if self.often(0.05):
            made["name"] = "named"
        return made

    def _match(self, below: str) -> Manifest:
        made: Manifest = {}
        if below or self.often(0.85):
            path = (below + self.random.choice(["", "/in", "x"])) if below and self.often(0.7) else self.prefix()
            self.paths.append(path)
            kinds: list[Manifest] = (
                [{"prefix": path}] * 5
                + [{"exact": path}] * 3
                + [{"prefix": "/"}, {"regex": ".*"}, {"regex": "/.*"}, {"prefix": ""}, {}]
            )
            kinds += [{"regex": path + "(/.*)?"}, {"regex": path + "[a-z]+"}, {"regex": "(?i)" + path}]
            made["uri"] = self.random.choice(kinds)
        for name, text, often in (
            ("method", self.random.choice([{"exact": "GET"}, {"regex": "P.*"}, {"prefix": "P"}]), 0.12),
            ("scheme", self.random.choice([{"exact": "https"}, {"prefix": "http"}, {"regex": "http"}]), 0.06),
            (
                "authority",
                self.random.choice(
                    [{"exact": self.random.choice(self.names)}, {"prefix": "a."}, {"regex": "[ab][.].*"}]
                ),
                0.08,
            ),
            ("ignoreUriCase", True, 0.25),
            ("port", self.random.choice([80, 443, 8081]), 0.06),
            ("name", "one-match", 0.04),
            ("statPrefix", "walked", 0.03),
            ("sourceLabels", self.random.choice([{"site": "front"}, {"site": "back"}]), 0.05),
            ("sourceNamespace", self.random.choice([f"{self.namespace}-gw", "elsewhere"]), 0.04),
            ("gateways", [self.random.choice(self.gateways)], 0.06),
        ):
            if self.often(often):
                made[name] = text
        for name, keys, often in (
            ("headers", ("x-a", "X-B", "x-c"), 0.25),
            ("withoutHeaders", ("x-a", "x-b"), 0.12),
            ("queryParams", ("q", "r"), 0.12),
        ):
            if self.often(often):
                made[name] = {key: self._text() for key in self.random.sample(keys, self.random.choice([1, 1, 2]))}
        return made

    def _text(self) -> Manifest:
        value = self.random.choice(_VALUES)
        return self.random.choice(
            [{"exact": value}, {"exact": value}, {"prefix": value or "o"}, {"regex": "[0-9]+"}, {"regex": "o.*"}, {}]
        )

    def _leads(self, made: Manifest) -> None:
        targets = [self._target() for _ in range(self.random.choice([1, 1, 1, 1, 2, 3]))]
        if len(targets) > 1 or self.often(0.1):
            for target in targets:
                target["weight"] = self.random.choice([0, 10, 50, 90])
            targets[0]["weight"] = self.random.choice([30, 70])
        made["route"] = targets
        if self.often(0.35):
            made["rewrite"] = self._rewrite()
        for name, value, often in (
            ("timeout", "4s", 0.05),
            (
                "retries",
                {
                    "attempts": 1,
                    "perTryTimeout": "2s",
                    "retryOn": "5xx",
                    "backoff": "25ms",
                    "retryRemoteLocalities": True,
                    "retryIgnorePreviousHosts": False,
                },
                0.05,
            ),
            ("mirror", {"host": self.full("two"), "port": {"number": 80}}, 0.06),
            ("mirror", {"host": self.full("one"), "subset": "v1"}, 0.03),
            ("mirrorPercentage", {"value": 50.0}, 0.05),
            ("mirrorPercent", 50, 0.03),
            ("mirror_percent", 50, 0.02),
            ("fault", self._fault(), 0.07),
        ):
            if self.often(often):
                made[name] = value
        if "mirror" not in made and self.often(0.05):
            destination = {"host": self.full("one"), "port": {"number": 80}, "subset": "v2"}
            made["mirrors"] = [{"destination": destination, "percentage": {"value": 10.0}}]

    def _target(self) -> Manifest:
        full = self.full
        destination: Manifest = self.random.choice([
            {"host": full("one"), "port": {"number": 80}}, {"host": full("one"), "port": {"number": 80}},
            {"host": full("two"), "port": {"number": 80}}, {"host": full("two"), "port": {"number": 8080}},
            {"host": full("two")}, {"host": full("three")}, {"host": full("three"), "port": {"number": 80}},
            {"host": full("headless"), "port": {"number": 9005}}, {"host": full("alias"), "port": {"number": 80}},
            {"host": full("astray"), "port": {"number": 80}}, {"host": full("empty"), "port": {"number": 80}},
            {"host": full("hidden"), "port": {"number": 80}}, {"host": "one", "port": {"number": 80}},
            {"host": "missing", "port": {"number": 80}}, {"host": "missing"},
            {"host": f"entry.{self.namespace}.test", "port": {"number": 8888}},
            {"host": f"entry.{self.namespace}.test"},
            {"host": full("one"), "port": {"number": 80}, "subset": "v1"}, {"host": full("one"), "subset": "v2"},
            {"host": full("one"), "subset": "v9"}, {"host": full("two"), "port": {"number": 80}, "subset": "far"},
            {"host": full("three"), "subset": "own"}, {"host": full("two"), "port": {"number": 80}, "subset": "wide"},
            {"host": full("one"), "subset": "wide"},
        ])  # fmt: skip
        made: Manifest = {"destination": destination}
        if self.often(0.15):
            made["headers"] = self._headers(authority=self.often(0.4))
        return made

    def _rewrite(self) -> Manifest:
        made: Manifest = self.random.choice([
            {"uri": "/"}, {"uri": "/new"}, {"uri": "/new/"}, {"uri": "/new", "authority": "inside.test"},
            {"authority": "inside.test"}, {"uri": "/n", "authority": "inside.test:81"},
            {"uriRegexRewrite": {"match": "^/([a-z]+)(.*)$", "rewrite": "/r/\\1\\2"}},
            {"uriRegexRewrite": {"match": "a*", "rewrite": "-"}}, {"uriRegexRewrite": {"match": "/", "rewrite": "/_"}},
        ])  # fmt: skip
        return made

    def _redirects(self, made: Manifest) -> None:
        redirect: Manifest = {}
        for name, values, often in (
            ("uri", ["/new", "/new/", "/new?z=1"], 0.5),
            ("authority", ["new.test", "new.test:81"], 0.4),
            ("scheme", ["https", "http"], 0.4),
            ("redirectCode", [301, 302, 303, 307, 308], 0.4),
            ("port", [80, 443, 8443], 0.25),
        ):
            if self.often(often):
                redirect[name] = self.random.choice(values)
        if "port" not in redirect and self.often(0.2):
            redirect["derivePort"] = self.random.choice(["FROM_REQUEST_PORT", "FROM_PROTOCOL_DEFAULT"])
        if "uri" not in redirect and self.often(0.3):
            redirect["prefixRewrite"] = "/pre"
        made["redirect"] = redirect or {"uri": "/new"}

    def _answers(self, made: Manifest) -> None:
        body = self.random.choice([{}, {"body": {"string": "short"}}, {"body": {"bytes": "c2hvcnQ="}}])
        made["directResponse"] = {"status": self.random.choice([200, 418, 404, 503]), **body}

    def _fault(self) -> Manifest:
        return self.random.choice([
            {"abort": {"httpStatus": 451, "percentage": {"value": 100.0}}},
            {"abort": {"httpStatus": 451, "percentage": {"value": 50.0}}},
            {"abort": {"httpStatus": 451}}, {"abort": {"grpcStatus": "UNAVAILABLE", "percentage": {"value": 100.0}}},
            {"abort": {"http2Error": "PROTOCOL_ERROR", "percentage": {"value": 100.0}}},
            {"delay": {"fixedDelay": "10ms", "percentage": {"value": 100.0}}},
            {"delay": {"fixedDelay": "10ms", "percent": 50}},
            {"delay": {"exponentialDelay": "10ms", "percentage": {"value": 100.0}}},
        ])  # fmt: skip

    def _cors(self) -> Manifest:
        made: Manifest = {
            "allowOrigins": self.random.choice(
                [
                    [{"exact": _ORIGINS[0]}],
                    [{"regex": "https://.*ok[.]test"}],
                    [{"prefix": "https://a"}],
                    [{"exact": "*"}],
                ]
            )
        }
        if self.often(0.1):
            made = {"allowOrigin": [_ORIGINS[0]]}
        for name, value in (
            ("allowMethods", ["GET", "PUT"]), ("allowHeaders", ["x-a", "x-b"]), ("exposeHeaders", ["x-c"]),
            ("maxAge", "1h30m"),
            ("allowCredentials", self.often(0.5)), ("unmatchedPreflights", self.random.choice(["IGNORE", "FORWARD"])),
        ):  # fmt: skip
            if self.often(0.5):
                made[name] = value
        return made

    def _headers(self, *, authority: bool) -> Manifest:
        made: Manifest = {}
        for way, names in (("request", ("x-a", "X-B", "x-c")), ("response", ("x-r-a", "X-R-B"))):
            if self.often(0.7):
                made[way] = {}
                for operation in ("set", "add"):
                    if self.often(0.5):
                        made[way][operation] = {self.random.choice(names): self.random.choice(["s1", "s2", "100%%"])}
                if self.often(0.4):
                    made[way]["remove"] = [self.random.choice(names)]
        if authority and self.often(0.3):
            made.setdefault("request", {}).setdefault("set", {})["Host"] = "set.test"
        return made
