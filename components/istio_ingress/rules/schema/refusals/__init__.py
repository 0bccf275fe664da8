"""What Istio's validating webhook refuses beside the CRDs, a kind a file, told in our own words.

Held against the webhook of the lab by tests/e2e/test_refusals.py.
"""

from istio_ingress.rules.schema.refusals import (
    destination_rule,
    envoy_filter,
    gateway,
    security,
    service_entry,
    sidecar,
    telemetry,
    virtualservice,
)

REFUSALS = {
    "VirtualService": virtualservice.refusals,
    "Gateway": gateway.refusals,
    "DestinationRule": destination_rule.refusals,
    "EnvoyFilter": envoy_filter.refusals,
    "ServiceEntry": service_entry.refusals,
    "Sidecar": sidecar.refusals,
    "AuthorizationPolicy": security.authorization_policy,
    "RequestAuthentication": security.request_authentication,
    "PeerAuthentication": security.peer_authentication,
    "Telemetry": telemetry.refusals,
}
