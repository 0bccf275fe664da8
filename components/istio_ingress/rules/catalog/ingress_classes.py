"""Who serves a Kubernetes Ingress: its class says it, and Istio is one controller among others."""

from __future__ import annotations

from istio_ingress.rules.index import Index
from istio_ingress.rules.ingresses import Ingress, IngressClass

_NAME = "istio"


def classes(index: Index) -> list[IngressClass]:
    """The IngressClasses that are here."""
    return [one for one in index.subjects(IngressClass) if isinstance(one, IngressClass)]


def is_istios(ingress: Ingress, index: Index) -> bool:
    """Whether Istio serves an Ingress, as far as that can be told; a class that is not here goes by its name."""
    if ingress.annotated_class:
        return ingress.annotated_class == _NAME
    found = [one for one in classes(index) if one.name == ingress.class_name]
    return any(one.is_istios for one in found) if found else ingress.class_name == _NAME


def may_be_istios(ingress: Ingress, index: Index) -> bool:
    """Whether Istio may serve an Ingress: one without a class, or of a class like `istio-internal`, as well.

    What is wrong with an Ingress of ingress-nginx, say, is nothing that somebody asks this tool for.
    """
    if is_istios(ingress, index):
        return True
    name = ingress.annotated_class or ingress.class_name
    if any(one.name == name for one in classes(index)):
        return False
    return _NAME in name if name else not ingress.other_controllers
