"""HTTPS into the mesh: hosts on one Gateway, each with its own certificate, credential and routes."""

from collections.abc import Sequence

import pulumi

from . import istio, tls_arguments
from .hosts import fit
from .leaves import bundle
from .tls_arguments import TlsGatewayArgs, TlsHost
from .tls_serving import Site, authority, serve

DEFAULT_HOSTS: Sequence[TlsHost] = ({"host": "httpbin.example.com", "organization": "httpbin organization"},)


class TlsGateway(pulumi.ComponentResource):
    """A Gateway that ends TLS for its hosts, with certificates of an authority given or its own."""

    hosts: pulumi.Output[list[str]]
    """The host names served."""

    ca_certificate: pulumi.Output[str]
    """What clients must trust: the authority's bundle, PEM."""

    credentials: pulumi.Output[dict[str, str]]
    """Names of the Secrets in the gateway's namespace, by host name with dashes for dots."""

    def __init__(self, name: str, args: TlsGatewayArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare the gateway.

        Raises:
            pulumi.RunError: an argument is wrong; nothing has been declared.
        """
        hosts = args.get("hosts", DEFAULT_HOSTS)
        tls_arguments.check("TlsGateway", name, args, hosts, TlsGatewayArgs)
        super().__init__("istio-ingress:index:TlsGateway", name, {}, opts)
        site = Site(
            component=self,
            name=name,
            args=args,
            gateway_name=args.get("gateway_name", fit(name, "tls")),
            target=istio.Target(**args.get("gateway", {})),
            issuer=authority(self, name, args, hosts),
            trust=None,
        )
        self.credentials = serve(site, hosts, "SIMPLE")
        self.hosts = pulumi.Output.all(*(one for host in hosts for one in tls_arguments.served(host)))
        self.ca_certificate = bundle(site.issuer)
        self.register_outputs(
            {"hosts": self.hosts, "ca_certificate": self.ca_certificate, "credentials": self.credentials}
        )
