"""Rules about the names and places of the Secrets that servers read."""

from __future__ import annotations

from collections.abc import Iterator

from istio_ingress.rules.catalog.examples import CREDENTIAL, GATEWAY, GATEWAY_PODS, HTTPS_SERVER
from istio_ingress.rules.credential_keys import CA_SUFFIX, CONFIG_MAP, LONGEST_CREDENTIAL
from istio_ingress.rules.finding import Problem, Severity
from istio_ingress.rules.index import Index
from istio_ingress.rules.names import LONGEST_NAME, is_dns_subdomain
from istio_ingress.rules.registry import Example, rule
from istio_ingress.rules.resources import MUTUAL_MODES, Server
from istio_ingress.rules.settings import Settings
from istio_ingress.rules.values import known
from istio_ingress.rules.words import some, those_of

_SECRETS = "istio pilot/pkg/credentials/kube/secrets.go"
_SERVER = f"{GATEWAY}\n{HTTPS_SERVER}\n    tls: {{mode: SIMPLE, credentialName: shop-credential}}\n"
_PAIR = "\n  tls.crt: certificate(shop.example)\n  tls.key: private_key(shop.example)\n"
_KUBERNETES = "kubernetes://"
_OTHER_SOURCES = ("kubernetes-gateway://", "builtin://", CONFIG_MAP, "invalid://")


@rule(
    Server,
    "credential-namespace",
    Severity.ERROR,
    misses=True,
    source=f"istio pilot/pkg/xds/sds.go filterAuthorizedResources; {_SECRETS}; istio/istio#14598, #25018, #41794; "
    "cert-manager/cert-manager#2522, #6210",
    example=Example.fixed(
        f"{_SERVER}---\n{GATEWAY_PODS}\n---\n{CREDENTIAL}{_PAIR}".replace(
            "shop-credential, namespace: istio-system", "shop-credential, namespace: shop"
        ),
        ("shop-credential, namespace: shop", "shop-credential, namespace: istio-system"),
    ),
)
def credential_namespace(server: Server, index: Index) -> Iterator[Problem]:
    """A gateway reads Secrets only from the namespace of its pods, which need not be that of the Gateway."""
    for name in _names(server):
        if "/" in name:
            continue
        for namespace in sorted(index.gateway_namespaces(server.gateway)):
            makers = index.makers_of(name)
            elsewhere = sorted(secret.namespace for secret in index.secrets.named(name) if secret.namespace)
            made = [maker for maker in makers if maker.namespace]
            if any(maker.namespace in ("", namespace) for maker in makers) or index.secrets.find(namespace, name):
                continue
            if elsewhere:
                yield _problem(
                    server,
                    f"The Secret {name!r} is in the namespace {' and '.join(map(repr, elsewhere))}, "
                    f"and the gateway's pods run in {namespace!r}.",
                    f"Put the Secret into {namespace!r}.",
                    absent_from=namespace,
                )
            elif made:
                yield _problem(
                    server,
                    f"{made[0]} makes the Secret {name!r} in its own namespace, and the gateway's pods run in "
                    f"{namespace!r}.",
                    f"Put the {made[0].kind} into {namespace!r}.",
                )


@rule(
    Server,
    "credential-absent",
    Severity.ERROR,
    misses=True,
    source="istio pkg/config/analysis IST0101 ReferencedResourceNotFound (credentialName)",
    example=Example.fixed(
        f"{_SERVER}---\n{GATEWAY_PODS}\n---\n{CREDENTIAL}{_PAIR}".replace(
            "credentialName: shop-", "credentialName: shopp-"
        ),
        ("shopp-", "shop-"),
        settings=Settings(complete=True),
    ),
)
def credential_absent(server: Server, index: Index) -> Iterator[Problem]:
    """Without its Secret a server resets every handshake; only a complete set of manifests can tell."""
    if not index.settings.complete:
        return
    for name in _names(server):
        for namespace in sorted(index.gateway_namespaces(server.gateway)):
            there = index.secrets.named(name) or index.makers_of(name)
            if "/" not in name and not there and index.secrets.find(namespace, name) is None:
                others = those_of(index.secrets.names(namespace))
                yield _problem(
                    server,
                    f"There is no Secret {name!r} in {namespace!r}, where the gateway's pods run{others}.",
                    f"Create it in {namespace!r}, or name one that is there.",
                )


@rule(
    Server,
    "credential-name-qualified",
    Severity.ERROR,
    source="istio pilot/pkg/model/credentials/resource.go ParseResourceName; pilot/pkg/xds/sds.go; istio/istio#58146",
    example=Example.fixed(
        f"{_SERVER}---\n{GATEWAY_PODS}\n".replace("Name: shop-", "Name: shop/shop-"), ("Name: shop/", "Name: ")
    ),
)
def credential_name_qualified(server: Server, index: Index) -> Iterator[Problem]:
    """Istio refuses `namespace/name` unless it is the pods' namespace; mixing both forms keeps Envoy waiting."""
    pods = index.gateway_namespaces(server.gateway)
    run_in = f", and the gateway's pods run in {some(sorted(pods))}" if pods else ""
    for name in _names(server):
        namespace, _, short = name.removeprefix(_KUBERNETES).rpartition("/")
        if namespace and namespace not in (pods or index.root_namespaces):
            said = f"The credential {name!r} names the namespace {namespace!r}{run_in}."
            yield _problem(server, said, f"Write {short!r}, and keep the Secret in the namespace of the pods.")
        elif namespace and short in index.once(_bare_names):
            said = f"The credential is {name!r} here and {short!r} for another server."
            yield _problem(server, said, f"Write {short!r} for both.")


@rule(
    Server,
    "credential-name-cacert",
    Severity.ERROR,
    source=f"istio pilot/pkg/xds/sds.go generate (a name ending in -cacert is a CA); {_SECRETS} GetCaCert",
    example=Example.fixed(_SERVER.replace("shop-credential", "shop-cacert"), ("shop-cacert", "shop-credential")),
)
def credential_name_cacert(server: Server, _: Index) -> Iterator[Problem]:
    """A Secret whose name ends in `-cacert` is only ever served as a CA bundle, never as certificate and key."""
    for name in _names(server):
        if name.endswith(CA_SUFFIX):
            yield _problem(
                server, f"The credential {name!r} ends in {CA_SUFFIX}.", f"Call it {name.removesuffix(CA_SUFFIX)!r}."
            )


@rule(
    Server,
    "ca-credential-name",
    Severity.ERROR,
    source="istio pilot/pkg/security/model/authentication.go ApplyCredentialSDSToServerCommonTLSContext",
    example=Example.fixed(
        _SERVER.replace("mode: SIMPLE", "mode: MUTUAL, caCertCredentialName: clients"), ("clients", "clients-cacert")
    ),
)
def ca_credential_name(server: Server, _: Index) -> Iterator[Problem]:
    """`caCertCredentialName` is taken as it stands: Istio serves a CA only under a name that ends in `-cacert`."""
    name = server.tls.text("caCertCredentialName")
    if name and "://" not in name and not name.endswith(CA_SUFFIX):
        yield Problem(
            server.gateway,
            server.tls.at("caCertCredentialName"),
            f"The name {name!r} does not end in {CA_SUFFIX}, so it is served as certificate and key.",
            f"Write {name + CA_SUFFIX!r}; the Secret may be called {name + CA_SUFFIX!r} or {name!r}.",
        )


@rule(
    Server,
    "credential-name-invalid",
    Severity.ERROR,
    source=f"Kubernetes object names; {_SECRETS} GetCaCert",
    example=Example.fixed(
        _SERVER.replace("shop-credential", "Shop_Credential"), ("Shop_Credential", "shop-credential")
    ),
)
def credential_name_invalid(server: Server, _: Index) -> Iterator[Problem]:
    """No Secret can have such a name; for MUTUAL, Istio puts `-cacert` behind it, which takes 7 of 253 characters."""
    for name in _names(server):
        bare = name.removeprefix(_KUBERNETES).rpartition("/")[2]
        limit = LONGEST_CREDENTIAL if server.mode in MUTUAL_MODES else LONGEST_NAME
        if len(bare) > limit:
            yield _problem(
                server,
                f"The credential's name has {len(bare)} characters.",
                f"Use at most {limit} with the mode {server.mode}.",
            )
        elif not is_dns_subdomain(bare):
            yield _problem(
                server,
                f"The credential {bare!r} is no name of a Secret.",
                "Use a-z, 0-9, - and ., and begin with a-z or 0-9.",
            )


@rule(
    Server,
    "credential-names-limit",
    Severity.ERROR,
    source="istio manifests/charts/base/files/crd-all.gen.yaml: credentialNames, tlsCertificates maxItems 2",
    example=Example.fixed(
        _SERVER.replace("credentialName: shop-credential", "credentialNames: [shop-rsa, shop-ecdsa, shop-old]"),
        (", shop-old", ""),
    ),
)
def credential_names_limit(server: Server, _: Index) -> Iterator[Problem]:
    """A server takes at most two certificates: one RSA and one ECDSA."""
    for key in ("credentialNames", "tlsCertificates"):
        value = server.tls.value.get(key)
        if isinstance(value, list) and len(value) > 2:
            message = f"There are {len(value)} {key}."
            yield Problem(server.gateway, server.tls.at(key), message, "Keep one RSA and one ECDSA certificate.")


def _bare_names(index: Index) -> set[str]:
    """The credentials that servers name without a namespace, as far as they are known."""
    names = {name.removeprefix(_KUBERNETES) for server in index.servers for name in known(_names, server) or ()}
    return {name for name in names if "/" not in name}


def _names(server: Server) -> list[str]:
    if not server.terminates:
        return []
    return [name for name in server.credential_names if not name.startswith(_OTHER_SOURCES)]


def _problem(server: Server, message: str, remedy: str, absent_from: str = "") -> Problem:
    key = "credentialNames" if server.tls.value.get("credentialNames") else "credentialName"
    return Problem(server.gateway, server.tls.at(key), message, remedy, absent_from)
