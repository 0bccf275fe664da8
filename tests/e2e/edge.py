"""A gateway that is not Istio's default one, for tests that need it for themselves."""

from pathlib import Path

MANIFEST = Path(__file__).with_name("edge-gateway.yaml")


def gateway_of(site: str) -> str:
    """Service, Deployment and permissions of a gateway whose pods carry this `site` label."""
    return MANIFEST.read_text().replace("SITE", site)
