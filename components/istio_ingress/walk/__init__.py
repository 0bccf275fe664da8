"""What answers a request: walked through manifests as Istio and Envoy would, without either.

Pure: it reads manifests and says what follows. `walk(World(manifests), Request.of("https://shop.example/cart"))`.
"""

from istio_ingress.rules.values import NotKnownError
from istio_ingress.walk.answer import BACKEND, GATEWAY, Answer, Result, Step
from istio_ingress.walk.request import ClientCertificate, Request, RequestError
from istio_ingress.walk.walker import walk
from istio_ingress.walk.world import Knowledge, World

__all__ = [
    "BACKEND",
    "GATEWAY",
    "Answer",
    "ClientCertificate",
    "Knowledge",
    "NotKnownError",
    "Request",
    "RequestError",
    "Result",
    "Step",
    "World",
    "walk",
]
