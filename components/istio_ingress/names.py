"""Names of Kubernetes objects, made from those of components and hosts."""

import hashlib
import re

from .rules.names import LONGEST_LABEL

_OTHER = re.compile("[^a-z0-9]+")
_HUMP = re.compile("(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_PLAIN = re.compile("[a-z]([-a-z0-9]*[a-z0-9])?")


def slug(host: str) -> str:
    """The host as part of a Kubernetes name: `*.example.com` gives `any-example-com`."""
    return host.replace("*", "any").replace(".", "-")


def object_name(name: str) -> str:
    """What the names of a component's Kubernetes objects begin with: its own name, if they can.

    `webShop` gives `web-shop`. Two that give the same are found by the rules, as any two objects of one name are.
    """
    if _PLAIN.fullmatch(name):
        return name
    made = _OTHER.sub("-", _HUMP.sub("-", name).lower()).strip("-")
    if _PLAIN.fullmatch(made):
        return made
    return f"c-{made}" if made else f"c-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def fit(*parts: str, longest: int = LONGEST_LABEL) -> str:
    """The parts joined by '-', cut where Kubernetes would refuse the length, with a digest so that no two cuts meet."""
    whole = "-".join(parts)
    if len(whole) <= longest:
        return whole
    digest = hashlib.sha256(whole.encode()).hexdigest()[:8]
    return f"{whole[: longest - 9].rstrip('-')}-{digest}"
