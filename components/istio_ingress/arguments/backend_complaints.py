"""Policies of a backend that say two things, or half of one."""

from collections.abc import Iterator, Mapping
from typing import Any

from ..pki.given_certificates import BUNDLE, CHAIN, KEY
from ..refusal import Complaint
from .backend_policies import BackendTls, BackendTlsMode, ConsistentHash, LoadBalancer

_CREDENTIALS = ("ca_certificate", "client", "existing_credential")


def policy_complaints(policy: Mapping[str, Any], *, reads_credentials: bool) -> Iterator[Complaint]:
    """What of a policy cannot stand together.

    Args:
        policy: a `BackendPolicy`, or what a `Subset` has of one, right by type.
        reads_credentials: whether those that follow it can read a Secret in the gateway's namespace.
    """
    if "tls" in policy:
        for complaint in _tls_complaints(policy["tls"], reads_credentials=reads_credentials):
            yield complaint.under("tls")
    if "load_balancer" in policy:
        for complaint in _load_balancer_complaints(policy["load_balancer"]):
            yield complaint.under("load_balancer")
    for field in ("connection_pool", "outlier_detection"):
        yield from _emptiness(field, policy)
    for field in policy.get("connection_pool", {}):
        for complaint in _emptiness(field, policy["connection_pool"]):
            yield complaint.under("connection_pool")


def tls_mode(tls: BackendTls) -> BackendTlsMode:
    """The mode that is told, or that follows from the rest."""
    return BackendTlsMode(tls.get("mode", BackendTlsMode.MUTUAL if "client" in tls else BackendTlsMode.SIMPLE))


def _emptiness(field: str, args: Mapping[str, Any]) -> Iterator[Complaint]:
    if field in args and not args[field]:
        yield Complaint(field, args[field], "left out, or with something in it")


def _tls_complaints(tls: BackendTls, *, reads_credentials: bool) -> Iterator[Complaint]:
    mode = tls_mode(tls)
    given = [field for field in _CREDENTIALS if field in tls]
    if mode in (BackendTlsMode.DISABLE, BackendTlsMode.ISTIO_MUTUAL):
        for field in [*given, *(one for one in ("insecure_skip_verify",) if one in tls)]:
            yield Complaint(field, "given", f"left out where mode is {mode.value}")
    if not reads_credentials:
        for field in given:
            yield Complaint(field, "given", "left out where scope is mesh: a sidecar reads no Secret of the gateway's")
    if "existing_credential" in tls:
        for field in given[:-1]:
            yield Complaint(field, "given", "left out where existing_credential is given")
    if mode is BackendTlsMode.MUTUAL and not {"client", "existing_credential"} & tls.keys():
        yield Complaint("client", None, "given where mode is MUTUAL, or an existing_credential instead")
    if mode is BackendTlsMode.SIMPLE and "client" in tls:
        yield Complaint("client", "given", "left out where mode is SIMPLE")
    if tls.get("insecure_skip_verify") is True:
        for field in ("ca_certificate", "subject_alt_names"):
            if field in tls:
                yield Complaint(field, "given", "left out where insecure_skip_verify is true")
    yield from _pem_complaints(tls)


def _pem_complaints(tls: BackendTls) -> Iterator[Complaint]:
    yield from BUNDLE.complaints("ca_certificate", tls.get("ca_certificate"))
    client: Mapping[str, Any] = tls.get("client", {})
    yield from CHAIN.complaints("client.certificate", client.get("certificate"))
    yield from KEY.complaints("client.private_key", client.get("private_key"))


def _load_balancer_complaints(balancer: LoadBalancer) -> Iterator[Complaint]:
    if ("simple" in balancer) == ("consistent_hash" in balancer):
        yield Complaint("simple", balancer.get("simple"), "given, or consistent_hash, and not both")
    hashed: ConsistentHash = balancer.get("consistent_hash", {})
    kinds = tuple(ConsistentHash.__annotations__)
    if "consistent_hash" in balancer and len(hashed) != 1:
        yield Complaint("consistent_hash", hashed, f"one of {', '.join(kinds)}, and nothing else")
    if hashed.get("use_source_ip") is False:
        yield Complaint("consistent_hash.use_source_ip", False, "true, or left out")
