"""Whether a gateway can end TLS for a server, and takes the client's certificate."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from istio_ingress.rules.credential_keys import CA_SUFFIX
from istio_ingress.rules.secrets import Secret
from istio_ingress.rules.values import NotKnownError, UnknownValueError
from istio_ingress.walk import clients
from istio_ingress.walk.gateways import GatewayPods
from istio_ingress.walk.listeners import Server
from istio_ingress.walk.request import ClientCertificate, Request

Secrets = Mapping[tuple[str, str], Secret]


_COMPARED = ("subjectAltNames", "verifyCertificateHash", "verifyCertificateSpki")


class Credentials:
    """The Secrets from which gateway pods serve."""

    def __init__(
        self, secrets: Secrets, pods: GatewayPods, now: datetime | None, *, complete: bool, assumes: bool = False
    ) -> None:
        self._secrets, self._pods, self._now, self._complete = secrets, pods, now, complete
        self._assumes = assumes
        self.assumed: list[str] = []
        """What is taken for granted of Secrets whose contents are not known."""

    def refuses(self, server: Server, request: Request) -> str:
        """Why a handshake fails; empty when it succeeds.

        Raises:
            NotKnownError: that cannot be told.
        """
        if server.mode == "ISTIO_MUTUAL":
            return self._mesh(request)
        if server.mode == "MUTUAL" and request.client_certificate is ClientCertificate.NONE:
            return "the client shows no certificate"
        asks = server.mode in ("MUTUAL", "OPTIONAL_MUTUAL")
        try:
            names = server.tls.texts("credentialNames") or [server.tls.text("credentialName")]
        except UnknownValueError as unknown:
            return self._unseen(f"{unknown} is not known yet: taken for a Secret that is there", request, asks=asks)
        if not any(names):
            return self._unseen("the certificate is a file in the pods: taken as there", request, asks=asks)
        if self._assumes and not all(self._is_here(name) for name in names):
            return self._unseen(
                f"the Secret {self._shown(names[0])} is not declared here: taken for there", request, asks=asks
            )
        found = [self._find(name) for name in names]
        if not any(one is not None and self._serves(one) for one in found):
            return f"there is no Secret {self._shown(names[0])} with a certificate and key"
        return self._client(server, names[0], request) if asks else ""

    def _unseen(self, says: str, request: Request, *, asks: bool) -> str:
        """Where nothing says what the gateway serves: that it does is taken for granted, whom it trusts is not."""
        self.assumed.append(says)
        if not asks:
            return ""
        if isinstance(request.client_certificate, str):
            raise NotKnownError("it is not known which CA verifies the client's certificate")
        untrusted = request.client_certificate is ClientCertificate.UNTRUSTED
        return "the client's certificate is of another CA" if untrusted else ""

    def _client(self, server: Server, name: str, request: Request) -> str:
        shown = request.client_certificate
        # Envoy insists on a certificate where it compares anything in it, even in OPTIONAL_MUTUAL.
        compared = any(server.tls.texts(one) for one in _COMPARED)
        if shown is ClientCertificate.NONE and compared and not server.tls.flag("insecureSkipVerify"):
            return "the client shows no certificate"
        base = (server.tls.text("caCertCredentialName") or name).removesuffix(CA_SUFFIX)
        secret = self._with_ca(base + CA_SUFFIX) or self._with_ca(base)
        if secret is None:
            return f"there is no CA for clients in {self._shown(base + CA_SUFFIX)} or {self._shown(base)}"
        if shown is ClientCertificate.NONE:
            return ""
        if isinstance(shown, str):
            return clients.refuses(shown, secret, server.tls, self._now)
        if compared:
            raise NotKnownError("the server asks for more of a client's certificate than its CA, and it is not given")
        return "" if shown is ClientCertificate.TRUSTED else "the client's certificate is of another CA"

    def _with_ca(self, name: str) -> Secret | None:
        secret = self._find(name)
        return secret if secret is not None and secret.ca_keys else None

    def _is_here(self, name: str) -> bool:
        return self._among(name) is not None

    def _among(self, name: str) -> Secret | None:
        if self._pods.namespace:
            return self._secrets.get((self._pods.namespace, name))
        return next((one for (_, other), one in self._secrets.items() if other == name), None)

    def _find(self, name: str) -> Secret | None:
        found = self._among(name)
        if found is None and not self._complete and not name.endswith(CA_SUFFIX):
            raise NotKnownError(f"the Secret {self._shown(name)} is not among what was read")
        return found

    def _serves(self, secret: Secret) -> bool:
        try:
            return secret.server_keys is not None
        except UnknownValueError:
            self.assumed.append(f"{secret} is not known yet in what it holds: taken for a certificate and its key")
            return True

    def _shown(self, name: str) -> str:
        return f"{self._pods.namespace}/{name}" if self._pods.namespace else name

    @staticmethod
    def _mesh(request: Request) -> str:
        if request.client_certificate is ClientCertificate.NONE:
            return "the client shows no certificate of the mesh"
        raise NotKnownError("the server takes certificates of the mesh only, and it is not known whose this one is")
