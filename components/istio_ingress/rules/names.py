"""Names as DNS, Kubernetes and X.520 allow them: how long they may be, and of what they consist."""

from __future__ import annotations

import re

#: A DNS label, and what Kubernetes names like one (RFC 1123).
LONGEST_LABEL = 63
#: A DNS name, and the name of most objects.
LONGEST_NAME = 253
#: What a certificate says of its subject's name, organization and unit (X.520), and of the place.
LONGEST_SUBJECT, LONGEST_PLACE = 64, 128

LABEL = rf"[a-z0-9](?:[-a-z0-9]{{0,{LONGEST_LABEL - 2}}}[a-z0-9])?"
DNS_NAME = rf"{LABEL}(?:\.{LABEL})*"
_PART = r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = re.compile(rf"{_PART}(?:\.{_PART})*")
QUALIFIED = r"[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?"
_LABEL = re.compile(LABEL)
_QUALIFIED = re.compile(QUALIFIED)


def is_dns_label(name: str) -> bool:
    """Whether a name is an RFC 1123 label, as Kubernetes requires of names without dots."""
    return _LABEL.fullmatch(name) is not None


def is_dns_subdomain(name: str) -> bool:
    """Whether a name is an RFC 1123 subdomain, as Kubernetes requires of most names; its parts may be long."""
    return len(name) <= LONGEST_NAME and _SUBDOMAIN.fullmatch(name) is not None


def is_label_key(key: str) -> bool:
    """Whether a label or an annotation can have this name: `team`, `shop.example/team`."""
    prefix, slash, name = key.rpartition("/")
    return (not slash or is_dns_subdomain(prefix)) and bool(name) and is_label_value(name)


def is_label_value(value: str) -> bool:
    """Whether a label can have this value, which may be empty."""
    return not value or (len(value) <= LONGEST_LABEL and _QUALIFIED.fullmatch(value) is not None)
