"""Everything that a program declares is held against `rules`, and against each other, before any of it is registered.

A Python program declares its resources one after the other, and Pulumi registers them when it has come to its end. In
between stands a gate: a transformation sees every resource from the first `import components` on, and lets it wait for
the verdict. What becomes known only later, such as the contents of issued certificates, is judged when it does; a
Gateway waits for the verdict on the credentials that it names. `docs/checks.md` says what that guarantees.

The newer transforms would not do: the engine calls them when it already has the resource.
"""

import asyncio
import copy
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import pulumi
from pulumi.runtime import get_root_resource, is_dry_run
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.settings import get_monitor
from pulumi.runtime.stack import Stack

from .manifests import Declared, Later, ObjectType, Watched, credential_names
from .verdict import Judge
from .waiting import wait_in_bulk

_TURNS = 100
"""How often the event loop turns before the verdict: by then all is known that needs no engine, such as given PEM."""


def watch() -> None:
    """See every resource from now on. Called by each component, and when `components` is imported; once is enough."""
    root = get_root_resource()
    if not isinstance(root, Stack):
        return
    if root not in _reviews:
        pulumi.runtime.register_stack_transformation(_see)
    if root not in _reviews or _reviews[root].is_over():
        _reviews[root] = _Review(root)


def alias(name: str) -> str:
    """A name for an object whose real one is not known yet, which no other object goes by."""
    review = _current()
    return review.alias(name) if review else name


def known_as(output: "pulumi.Output[str]", value: str) -> "pulumi.Output[str]":
    """Take `value` for what an Output will hold, in whatever it stands; gives the Output."""
    review = _current()
    if review:
        review.watched.later(output, value)
    return output


def contents(secret: pulumi.Resource, name: str, data: Mapping[str, pulumi.Input[str]]) -> None:
    """Tell a Secret's name, or alias, and its values one by one, as `data`; Pulumi keeps them as one secret."""
    review = _current()
    if review:
        review.say(secret, name, data)


def gateway_pods(selector: Mapping[str, pulumi.Input[str]], namespace: pulumi.Input[str]) -> None:
    """Tell where the pods run that a Gateway selects."""
    review = _current()
    if review and isinstance(namespace, str):
        pairs = {key: value for key, value in selector.items() if isinstance(value, str)}
        if pairs == dict(selector):
            review.judge.gateway_namespaces.setdefault(
                ",".join(f"{key}={pairs[key]}" for key in sorted(pairs)), namespace
            )


_reviews: "WeakKeyDictionary[Stack, _Review]" = WeakKeyDictionary()


def _current() -> "_Review | None":
    root = get_root_resource()
    return _reviews.get(root) if isinstance(root, Stack) else None


def _see(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
    watch()
    review = _current()
    return review.see(args) if review else None


class _Review:
    """What one program has declared, and the gate before it."""

    def __init__(self, root: Stack) -> None:
        self.root, self.monitor, self.loop = root, get_monitor(), asyncio.get_event_loop()
        self.made_up = isinstance(self.monitor, MockMonitor)
        self.judge = Judge(reads_certificates=not self.made_up)
        self.watched = Watched()
        self.declared: list[Declared] = []
        self._secrets: dict[str, list[tuple[int, Declared]]] = {}  # by name, those without one under ""
        self._aliases: set[str] = set()
        self._gate: pulumi.Output[Any] | None = None
        self._judged = 0
        self._seconds = 0.0
        self._looking = False
        self._failed: BaseException | None = None
        self._ended: asyncio.Future[None] = self.loop.create_future()
        if _is_running():
            self._tell_end()
        else:
            self._ended.set_result(None)

    def is_over(self) -> bool:
        """Whether another program runs by now: tests run many on one root."""
        return self.monitor is not get_monitor() or self.loop is not asyncio.get_event_loop()

    def see(self, args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        """Note a resource, and let it wait; what has a parent waits for that."""
        what = ObjectType.of(args.type_)
        waits_for: list[pulumi.Output[Any]] = []
        if self._gate is None:
            self._gate = _output(self._round())
        if args.opts.parent is None or args.opts.parent is self.root:
            waits_for.append(self._gate)
        if what:
            declared = Declared(args, what, self.watched)
            self.declared.append(declared)
            if what.is_gateway and not self.made_up and not is_dry_run():
                waits_for.append(_output(self._hold(declared, self._gate, len(self.declared))))
        if not waits_for:
            return None
        opts = copy.copy(args.opts)
        opts.depends_on = _also(args.opts.depends_on, waits_for)
        return pulumi.ResourceTransformationResult(args.props, opts)

    def alias(self, name: str) -> str:
        """The name, or the name with the first number that makes it the only one."""
        free = name
        while free in self._aliases:
            free = f"{name}-{len(self._aliases)}"
        self._aliases.add(free)
        return free

    def say(self, secret: pulumi.Resource, name: str, data: Mapping[str, pulumi.Input[str]]) -> None:
        """Name a Secret and its values."""
        for declared in reversed(self.declared):  # it is the last one, or nearly
            if declared.resource is secret:
                declared.say(name, data)
                return

    async def _round(self) -> None:
        """One verdict on everything declared so far; what is declared later gets another."""
        if self._seconds:  # resources declared one by one, later, never make this more than half of the work
            await asyncio.sleep(self._seconds)
        await self.root.urn.future()
        for _ in range(_TURNS):
            await asyncio.sleep(0)
        self._gate = None
        if not self._ended.done():  # it waits for an answer; what it declares after that is still missing here
            self._look_later()
            return
        self._judge_new()
        if not self.made_up:
            self._look_later()

    def _look_later(self) -> None:
        if not self._looking:
            self._looking = True
            _output(self._look())

    async def _look(self) -> None:
        """Judge again when nothing is left to become known."""
        await self._ended
        self._judge_new()
        late = False
        while await _settled(later for declared in self.declared for later in declared.laters):
            late = True
        self._looking = False
        if late:
            self.judge.refuse(self.declared)

    async def _hold(self, gateway: Declared, gate: "pulumi.Output[Any]", position: int) -> None:
        """Let a Gateway wait for what it says, and for the credentials that stood before it."""
        await gate.future()
        needed = [gateway]
        late = await _settled(gateway.laters)
        for name in set(credential_names(gateway.manifest(None))):
            for before, secret in [*self._secrets.get(name, ()), *self._secrets.get("", ())]:
                if before < position and secret.known_name == name:
                    needed.append(secret)
                    late = await _settled(secret.laters) or late
        if late:
            self.judge.refuse(needed)

    def _judge_new(self) -> None:
        if isinstance(self._failed, pulumi.RunError):
            raise self._failed  # a refused argument, say: nothing is registered beside it
        if self._failed:
            return  # half a program is not judged; Pulumi reports what broke it
        if self._judged == len(self.declared):
            return
        for position, declared in enumerate(self.declared[self._judged :], self._judged):
            declared.find_name()
            if declared.what.kind == "Secret":
                self._secrets.setdefault(declared.known_name, []).append((position, declared))
        self._judged = len(self.declared)
        started = time.perf_counter()
        try:
            self.judge.refuse(self.declared)
        finally:
            self._seconds = time.perf_counter() - started
            if self.made_up:
                self.declared, self._judged = [], 0  # the next test is another program

    def _tell_end(self) -> None:
        """Learn when the program has come to its end, and how: its stack then registers its outputs."""
        register = self.root.register_outputs

        def end(outputs: Any) -> None:
            self._failed = sys.exc_info()[1]
            self._ended.set_result(None)
            register(outputs)
            wait_in_bulk()

        self.root.register_outputs = end  # type: ignore[method-assign]


def _output(coroutine: Any) -> "pulumi.Output[Any]":
    """As an Output its failure ends the program, whoever waits for it."""
    made: pulumi.Output[Any] = pulumi.Output.from_input(coroutine)
    return made


def _also(depends_on: Any, more: Sequence[Any]) -> Any:
    """`depends_on` in any of its forms, and more."""
    if depends_on is None:
        return list(more)
    if isinstance(depends_on, pulumi.Resource):
        return [depends_on, *more]
    if isinstance(depends_on, Sequence):
        return [*depends_on, *more]
    return pulumi.Output.all(depends_on, *more).apply(
        lambda known: [*(known[0] if isinstance(known[0], Sequence) else [known[0]])]
    )


async def _settled(laters: Iterable[Later]) -> bool:
    """Wait for values; whether there was anything to wait for."""
    pending = [later.settled for later in laters if later.pending and later.settled]
    if pending:
        await asyncio.wait(pending)
    return bool(pending)


def _is_running() -> bool:
    """Whether the program has not come to its end: its stack is still being made."""
    frame = sys._getframe()
    while frame.f_back:
        frame = frame.f_back
        if frame.f_code is Stack.__init__.__code__:
            return True
    return False
