"""What gRPC clients get where the gateway answers itself: always HTTP 200, and the failure as a grpc-status."""

from __future__ import annotations

import re
from dataclasses import replace

from istio_ingress.walk.answer import GATEWAY, Answer
from istio_ingress.walk.request import Request

_CONTENT_TYPE = re.compile(r"application/grpc(\+.*)?")
#: By the HTTP status that anybody else gets; 2 (UNKNOWN) for all others.
_STATUSES = {400: 13, 401: 16, 403: 7, 404: 12, 429: 14, 502: 14, 503: 14, 504: 14}


def answer(found: Answer, request: Request) -> Answer:
    """The answer as the client of this request gets it."""
    if found.by != GATEWAY or found.status in (None, 200) or not _is_grpc(request):
        return found
    told = {**found.response_headers, "grpc-status": str(_STATUSES.get(found.status or 0, 2))}
    return replace(found, status=200, response_headers=told)


def _is_grpc(request: Request) -> bool:
    return any(map(_CONTENT_TYPE.fullmatch, request.values("content-type")[:1]))
