"""What answers a request, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from istio_ingress.rules.resources import Resource

BACKEND, GATEWAY = "backend", "gateway"


@dataclass(frozen=True)
class Step:
    """One decision on the way to the answer, and the object that made it."""

    resource: str
    """`VirtualService shop/cart`; empty where no object made it."""
    path: str
    """The field: `spec.http[2].match[0]`."""
    says: str
    origin: str = ""
    """The file and line, or the URN, that the object comes from."""
    takes: bool = False
    """Whether it is the route's that takes the request, or the connection."""

    def __str__(self) -> str:
        where = " ".join(part for part in (self.resource, self.path) if part)
        origin = f" ({self.origin})" if self.origin else ""
        return f"{where}{origin}: {self.says}" if where else self.says

    def as_dict(self) -> dict[str, str]:
        """For JSON."""
        return {"object": self.resource, "path": self.path, "says": self.says, "origin": self.origin}


class Trail:
    """The steps, as they are taken."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    def add(self, resource: Resource | None, path: str, says: str, *, takes: bool = False) -> None:
        """One more."""
        self.steps.append(Step(str(resource or ""), path, says, resource.origin if resource else "", takes))


@dataclass(frozen=True)
class Answer:
    """One answer that may come."""

    by: str = ""
    """`backend`, or `gateway` where no pod is asked; empty where nothing answers."""
    status: int | None = None
    """What the gateway says; None from a backend, which chooses for itself."""
    service: str = ""
    """`namespace/name` of the Service that answers; of a ServiceEntry the host."""
    port: int | None = None
    subset: str = ""
    path: str = ""
    """As the backend sees it, with the query."""
    host: str = ""
    """As the backend sees it."""
    location: str = ""
    """Where a redirect leads."""
    refused: str = ""
    """`connection` or `handshake`, before any HTTP."""
    request_headers: Mapping[str, str | None] = field(default_factory=dict)
    """The headers that the gateway sets or removes (None), as the backend sees them."""
    response_headers: Mapping[str, str | None] = field(default_factory=dict)
    """The headers that the gateway sets or removes (None) in what the client gets."""
    intended: bool = True
    """Whether a route means it; False for a 404 without a route, a 503 without a backend, and the like."""
    share: float = 1.0
    """Of all such requests, from 0 to 1."""

    def __str__(self) -> str:
        if self.refused:
            return f"refused: the {self.refused}"
        if self.by != BACKEND:
            return f"the gateway answers {self.status}" + (f", location {self.location}" if self.location else "")
        subset = f", subset {self.subset}" if self.subset else ""
        return f"{self.service} port {self.port}{subset} answers; it sees {self.host}{self.path}"

    def of_share(self, share: float) -> Answer:
        """The same for this part of what it was for."""
        return replace(self, share=self.share * share)

    def as_dict(self) -> dict[str, Any]:
        """For JSON; null is what does not apply."""
        texts = ("by", "service", "subset", "path", "host", "location", "refused")
        found: dict[str, Any] = {name: getattr(self, name) or None for name in texts}
        headers = {"request_headers": dict(self.request_headers), "response_headers": dict(self.response_headers)}
        return {"status": self.status, **found, "port": self.port, **headers}


@dataclass(frozen=True)
class Result:
    """Everything that may answer one request."""

    answers: tuple[Answer, ...] = ()
    """None where it is not known; several where weights or faults choose between them."""
    steps: tuple[Step, ...] = ()
    unknown: str = ""
    """Why it is not known."""

    @property
    def exit_code(self) -> int:
        """0: something answers, 1: the gateway refuses or has no route, 2: it is not known."""
        if self.unknown:
            return 2
        return 0 if any(answer.intended for answer in self.answers) else 1

    def as_dict(self) -> dict[str, Any]:
        """For JSON: one answer's fields, or those that all have in common and a list `answers` with shares."""
        each = [answer.as_dict() for answer in self.answers] or [Answer().as_dict()]
        common = {key: each[0][key] if all(one[key] == each[0][key] for one in each) else None for key in each[0]}
        found: dict[str, Any] = {**common, "unknown": self.unknown or None}
        if len(each) > 1:
            found["answers"] = [
                {"share": round(answer.share, 6), **one} for answer, one in zip(self.answers, each, strict=True)
            ]
        return {**found, "steps": [step.as_dict() for step in self.steps]}
