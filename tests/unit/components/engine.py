"""A Pulumi engine that only writes down what is declared."""

import asyncio
import base64
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field

import pulumi
from google.protobuf import json_format
from pulumi.runtime import rpc
from pulumi.runtime.mocks import MockMonitor, Mocks

SIGNATURE = "4dabf18193072939515e22adb298388d"


@dataclass(frozen=True)
class Resource:
    """One registration, as the engine got it."""

    type: str
    name: str
    parent: str
    inputs: dict
    secrets: frozenset
    """Paths of the inputs that are secrets."""
    replacement_trigger: object
    ignored_changes: list
    depends_on: frozenset
    """Names of what must be there before it."""
    hooks: list
    """Names of the functions that the engine calls before it updates it."""
    request: object = field(repr=False, compare=False)
    """All that the engine was told, resource options too."""

    @property
    def kind(self):
        return self.type.rsplit(":", 1)[1]

    @property
    def manifest(self):
        """A Kubernetes object as it would be applied, without the annotations that only Pulumi reads."""
        metadata = dict(self.inputs["metadata"])
        others = {k: v for k, v in metadata.pop("annotations").items() if not k.startswith("pulumi.com/")}
        return {**self.inputs, "metadata": metadata | ({"annotations": others} if others else {})}


@dataclass
class Declared:
    """What a program declared, and what came out of it."""

    resources: list = field(default_factory=list)
    registered: dict = field(default_factory=dict)
    """Names of a component's outputs, by its type and name."""
    outputs: dict = field(default_factory=dict)
    secret_outputs: set = field(default_factory=set)

    def of(self, kind):
        return [resource for resource in self.resources if resource.kind == kind]

    def one(self, kind, name=None):
        (found,) = [resource for resource in self.of(kind) if name in (None, resource.name)]
        return found

    def manifest(self, kind, name=None):
        return self.one(kind, name).manifest


class _Answers(Mocks):
    """What a provider would add: names for objects without one, and PEM that says what it was made for."""

    def new_resource(self, args):
        answer = _ANSWERS.get(args.typ, lambda name, inputs: {})(args.name, args.inputs)
        state = {**args.inputs, **answer}
        if args.typ.startswith("kubernetes:"):
            metadata = state.get("metadata", {})
            state["metadata"] = {"name": f"{args.name}-1a2b3c", **metadata}
        return f"{args.name}-id", state

    def call(self, args):
        return {}


_ANSWERS = {
    "tls:index/privateKey:PrivateKey": lambda name, _: {
        "privateKeyPem": pulumi.Output.secret(pem("PRIVATE KEY", name))
    },
    "tls:index/certRequest:CertRequest": lambda name, _: {"certRequestPem": pem("CERTIFICATE REQUEST", name)},
    "tls:index/selfSignedCert:SelfSignedCert": lambda name, _: _certificate(name),
    "tls:index/locallySignedCert:LocallySignedCert": lambda name, _: _certificate(name),
}


def _certificate(name):
    return {"certPem": pem("CERTIFICATE", name), "validityEndTime": f"end of {name}"}


def pem(label, text):
    """PEM whose content is a DER value, and nothing but that text."""
    value = b"\x30\x82" + len(text).to_bytes(2, "big") + text.encode()
    lines = textwrap.wrap(base64.b64encode(value).decode(), 64)
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])


class _Recorder(MockMonitor):
    def __init__(self, declared):
        super().__init__(_Answers())
        self.declared = declared

    def RegisterResource(self, request):  # noqa: N802 - the protocol's name
        if request.type != "pulumi:pulumi:Stack":
            inputs, secrets = _opened(rpc.deserialize_properties(request.object, keep_unknowns=True))
            trigger = json_format.MessageToDict(request.replacement_trigger)
            self.declared.resources.append(
                Resource(
                    request.type,
                    request.name,
                    request.parent.rsplit("::", 1)[-1],
                    inputs,
                    frozenset(secrets),
                    _opened(trigger)[0],
                    list(request.ignoreChanges),
                    frozenset(urn.rsplit("::", 1)[-1] for urn in request.dependencies),
                    list(request.hooks.before_update),
                    request,
                )
            )
        return super().RegisterResource(request)

    def RegisterResourceOutputs(self, request):  # noqa: N802 - the protocol's name
        _, _, kind, name = request.urn.split("::")
        self.declared.registered[kind.rsplit("$", 1)[-1], name] = set(request.outputs)
        return super().RegisterResourceOutputs(request)


def _opened(value, path=()):
    """The value without its secrets' wrapping, and the paths where it was."""
    if isinstance(value, dict) and SIGNATURE in value:
        return _opened(value["value"], path)[0], {path}
    if isinstance(value, dict):
        opened = {key: _opened(item, (*path, key)) for key, item in value.items()}
        return {key: item for key, (item, _) in opened.items()}, set().union(*(found for _, found in opened.values()))
    if isinstance(value, list):
        opened = [_opened(item, (*path, index)) for index, item in enumerate(value)]
        return [item for item, _ in opened], set().union(*(found for _, found in opened))
    return value, set()


_loops: list[asyncio.AbstractEventLoop] = []


def _use_a_new_event_loop() -> None:
    """Each program gets its own; those of earlier ones are closed, as a process can have only so many files open."""
    while _loops:
        _loops.pop().close()
    _loops.append(asyncio.new_event_loop())
    asyncio.set_event_loop(_loops[0])


def declare(program: Callable[[], dict | None], config: dict | None = None) -> Declared:
    """Run a program against the recording engine; what it returns are its outputs."""
    declared = Declared()
    _use_a_new_event_loop()
    pulumi.runtime.set_mocks(_Answers(), project="istio-ingress", stack="test", monitor=_Recorder(declared))
    pulumi.runtime.set_all_config({f"istio-ingress:{key}": value for key, value in (config or {}).items()})

    @pulumi.runtime.test
    def run():
        outputs = {name: pulumi.Output.from_input(value) for name, value in (program() or {}).items()}
        secret = {name: asyncio.ensure_future(output.is_secret()) for name, output in outputs.items()}
        return pulumi.Output.from_input({"values": outputs, "secret": secret}).apply(keep)

    def keep(found):
        declared.outputs = found["values"]
        declared.secret_outputs = {name for name, is_secret in found["secret"].items() if is_secret}

    run()
    return declared
