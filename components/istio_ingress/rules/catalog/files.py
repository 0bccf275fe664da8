"""Rules about what a file says and kubectl does not take, or takes without a word."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from istio_ingress.rules import kinds
from istio_ingress.rules.catalog.examples import GATEWAY, HTTP_SERVER
from istio_ingress.rules.finding import Problem, Severity
from istio_ingress.rules.index import Index
from istio_ingress.rules.registry import Example, rule
from istio_ingress.rules.resources import Resource


@rule(
    Resource,
    "type-missing",
    Severity.ERROR,
    source="kubernetes.io/docs/concepts/overview/working-with-objects, required fields",
    example=Example(
        f"{GATEWAY}\n{HTTP_SERVER}\n".replace("apiVersion: networking.istio.io/v1\n", ""), f"{GATEWAY}\n{HTTP_SERVER}\n"
    ),
)
def type_missing(resource: Resource, _: Index) -> Iterator[Problem]:
    """Without `apiVersion` and `kind` nobody knows what an object is: the API server refuses it, no rule judges it."""
    for key in ("apiVersion", "kind"):
        if not resource.node.text(key):
            yield Problem(resource, key, f"It has no {key}, so it is not judged.", f"Add {key}.")


@rule(
    Resource,
    "name-missing",
    Severity.ERROR,
    source="kubernetes.io/docs/concepts/overview/working-with-objects, required fields; API conventions, Metadata",
    example=Example.fixed(
        f"{GATEWAY}\n{HTTP_SERVER}\n".replace("{name: shop, namespace: shop}", "{namespace: shop}"),
        ("{namespace: shop}", "{name: shop, namespace: shop}"),
    ),
)
def name_missing(resource: Resource, index: Index) -> Iterator[Problem]:
    """The API server refuses an object without a name; in a program Pulumi gives it one."""
    metadata = resource.metadata
    if index.settings.program or metadata.text("name") or metadata.text("generateName"):
        return
    if kinds.find(resource.node.text("apiVersion"), resource.kind):  # what only tools read needs none
        yield Problem(resource, metadata.at("name"), "It has no name.", "Give it one.")


@rule(
    Resource,
    "key-repeated",
    Severity.WARNING,
    source="yaml.org/spec/1.2.2 3.2.1.1 (keys are unique); sigs.k8s.io/yaml takes the last one",
    example=Example.fixed(
        f"{GATEWAY}\n{HTTP_SERVER}\n    hosts: [blog.example]\n", ("\n    hosts: [blog.example]\n", "\n")
    ),
)
def key_repeated(resource: Resource, _: Index) -> Iterator[Problem]:
    """Of a key that a mapping has twice kubectl takes the last, and drops what stands under the first.

    So of two manifests without a line of `---` between them only the last is created.
    """
    repeated = getattr(resource.node.value, "repeated", ())
    begins = list(_manifests(repeated))
    for line in begins:
        message = f"In line {line} another manifest begins without --- before it: of the two only the last is read."
        yield Problem(resource, "kind", message, "Write --- between them.")
    for path, line in repeated:
        if begins and path.isidentifier():
            continue  # a key of the object itself: the other manifest's
        yield Problem(
            resource,
            path,
            f"The key stands in its mapping a second time in line {line}; only what stands under the last one counts.",
            "Write the key once.",
        )


def _manifests(repeated: Iterable[tuple[str, int]]) -> Iterator[int]:
    """The lines in which manifests begin behind the first of their document."""
    lines = ([line for path, line in repeated if path == key] for key in ("apiVersion", "kind", "metadata"))
    return map(min, zip(*lines, strict=False))
