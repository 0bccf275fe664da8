"""The schemas with which a cluster checks Istio's objects, from the Istio module that the lab is built of."""

from functools import cache

import jsonschema
import yaml

from tests.unit.istio_module import istio_module


def validate(manifest):
    """Refuse a manifest that its CRD would refuse, and fields that a cluster would silently drop."""
    validator(manifest["apiVersion"], manifest["kind"]).validate(manifest)


@cache
def validator(api_version, kind):
    return jsonschema.Draft202012Validator(_closed(schema(api_version, kind), top=True))


def schema(api_version, kind):
    """What the CRD says of a kind, as it stands there."""
    group, version = api_version.split("/")
    for crd in _crds(kind):
        if (crd["spec"]["group"], crd["spec"]["names"]["kind"]) == (group, kind):
            (found,) = [each for each in crd["spec"]["versions"] if each["name"] == version]
            return found["schema"]["openAPIV3Schema"]
    raise LookupError(f"the Istio module has no CRD for {api_version} {kind}")


def _crds(kind):
    texts = (istio_module() / "manifests/charts/base/files/crd-all.gen.yaml").read_text().split("\n---\n")
    return [yaml.load(text, yaml.CSafeLoader) for text in texts if f"\n    kind: {kind}\n" in text]


def _closed(schema, *, top=False):
    """The schema with every object that lists its fields closed to others, as a cluster prunes them."""
    made = dict(schema)
    if "properties" in schema:
        made["properties"] = {field: _closed(inner) for field, inner in schema["properties"].items()}
        if top:
            made["properties"] |= {name: {} for name in ("apiVersion", "kind", "metadata")}
        made["additionalProperties"] = False
    for inner in ("items", "additionalProperties"):
        if isinstance(schema.get(inner), dict):
            made[inner] = _closed(schema[inner])
    return made
