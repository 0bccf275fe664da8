"""The gate between what a program declares and what Pulumi registers: `rules` judge in between.

A Python program declares its resources one after the other, and Pulumi registers them when it has come to its end. In
between stands a gate: a transformation sees every resource from the first import of a component on, and lets it wait
for the verdict. What becomes known only later, such as the contents of issued certificates, is judged when it does; a
Gateway waits for the verdict on the credentials that it names. `docs/checks.md` says what that guarantees, and what
for programs that wait in the middle and for component plugins.

The newer transforms would not do: the engine calls them when it already has the resource.
"""

import asyncio
import copy
import sys
import time
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

import pulumi
from pulumi.runtime import get_root_resource, is_dry_run

from ..sdk import program
from ..sdk.engine import is_mocked, monitor
from ..sdk.waiting import wait_for, wait_in_bulk
from . import providers
from .declared import Declared, Later, ObjectType, Watched, credential_names
from .unseen import Unseen
from .verdict import Judge

_TURNS = 100
"""How often the event loop turns before the verdict: by then all is known that needs no engine, such as given PEM."""


def watch() -> None:
    """See every resource of the program that runs, from now on; once is enough.

    A component's module does this when it is imported, and so does each component. It is for inline programs of the
    Automation API, which begin after that import: called first, all that they declare is judged.
    """
    root = get_root_resource()
    if root is None:
        return
    if root not in _watched:
        pulumi.runtime.register_stack_transformation(_see)
        _watched.add(root)
    _begin(root)


def watched(opts: pulumi.ResourceOptions | None) -> pulumi.ResourceOptions | None:
    """The options of a component, with which it and its children are seen where there is no stack: in a plugin."""
    if get_root_resource() is not None or monitor() is None:
        return opts
    _begin(None)
    return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(transformations=[_see]))


def alias(name: str) -> str:
    """What to call an object while its name is not known: this name, with a number if another object goes by it."""
    review = _current()
    return review.alias(name) if review else name


def known_as(output: "pulumi.Output[str]", value: str) -> "pulumi.Output[str]":
    """Have the rules read `value` wherever a manifest holds this Output, which is returned as it is.

    A name that the update makes is unknown in a preview; with a stand-in for it the rules still see that a Gateway
    reads this Secret, or that a Service is in this namespace.
    """
    review = _current()
    if review:
        review.watched.later(output, value)
    return output


def contents(secret: pulumi.Resource, name: str, data: Mapping[str, pulumi.Input[str]]) -> None:
    """Have the rules read a Secret's values one by one.

    Pulumi makes one secret Output of all of them, unknown as soon as one is: given PEM could not be judged beside a key
    that is not made yet.

    Args:
        secret: the Secret, which has just been declared.
        name: its name, or the one that stands for it (`alias`).
        data: its `data`.
    """
    review = _current()
    if review:
        review.say(secret, name, data)


def gateway_pods(selector: pulumi.Input[Mapping[str, pulumi.Input[str]]], namespace: pulumi.Input[str]) -> None:
    """Have the rules look for the credentials of Gateways with this selector in this namespace, if both are known."""
    review = _current()
    if review and isinstance(namespace, str) and isinstance(selector, Mapping):
        pairs = {key: value for key, value in selector.items() if isinstance(value, str)}
        if pairs == dict(selector):
            review.judge.gateway_namespaces.setdefault(
                ",".join(f"{key}={pairs[key]}" for key in sorted(pairs)), namespace
            )


_watched: "WeakSet[pulumi.Resource]" = WeakSet()
_reviews: "WeakKeyDictionary[Any, _Review]" = WeakKeyDictionary()  # by the connection to the engine: one a program


def _current() -> "_Review | None":
    connection = monitor()
    return None if connection is None else _reviews.get(connection)


def _begin(root: pulumi.Resource | None) -> None:
    review = _current()
    if review is None or review.loop is not asyncio.get_event_loop():  # tests run many programs on one connection
        _reviews[monitor()] = _Review(root)


def _see(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
    watch()
    program.see_last(args.resource, _see)  # after those that the program registers later
    review = _current()
    return review.see(args) if review else None


class _Review:
    """What one program has declared, and the gate before it."""

    def __init__(self, root: pulumi.Resource | None) -> None:
        """Begin in the middle of a program, or of one component's construction where there is no root."""
        self.root, self.loop = root, asyncio.get_event_loop()
        self.made_up = is_mocked()
        self.judge = Judge(reads_certificates=not self.made_up)
        self.watched = Watched()
        self.declared: list[Declared] = []
        self.unseen: list[Unseen] = []
        self._sees_all = root is not None and not program.has_declared(root)
        self._last: pulumi.Resource | None = None
        self._waits_for: list[pulumi.Output[Any]] = []
        self._secrets: dict[str, list[tuple[int, Declared]]] = {}  # by name, those without one under ""
        self._aliases: set[str] = set()
        self._gate: pulumi.Output[Any] | None = None
        self._judged = 0
        self._seconds = 0.0
        self._looking = False
        self._failed: BaseException | None = None
        self._ended: asyncio.Future[None] = self.loop.create_future()
        if root is None or program.has_ended(root):
            self._ended.set_result(None)
        elif not program.tell_end(root, self._end):
            self.loop.create_task(self._end_when_quiet())

    def see(self, args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        """Note a resource, and let it wait; what has a parent waits for that."""
        providers.note(args)
        what = ObjectType.of(args.type_)
        if args.resource is self._last:  # shown once more, as another transformation may have changed it
            if what:
                self.declared[-1].read(args)
            return _waiting(args, self._waits_for)
        self._last = args.resource
        if Unseen.may_be(args):
            self.unseen.append(Unseen(args, self.watched))
        self._waits_for = waits_for = []
        if self._gate is None:
            self._gate = _output(self._round())
        if self.root is None or args.opts.parent is None or args.opts.parent is self.root:
            waits_for.append(self._gate)
        if what:
            declared = Declared(args, what, self.watched)
            self.declared.append(declared)
            if what.is_gateway and not self.made_up and not is_dry_run():
                waits_for.append(_output(self._hold(declared, self._gate, len(self.declared))))
        return _waiting(args, waits_for)

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
        if self.root:
            await self.root.urn.future()
        for _ in range(_TURNS):
            await asyncio.sleep(0)
        self._gate = None
        if not self._ended.done():  # it waits for an answer; what it declares after that is still missing here
            self.judge.refuse(self.declared, self.unseen, all_is_seen=False)
            self._look_later()
            return
        self._judge_new()
        if not self.made_up:
            self._look_later()

    def _look_later(self) -> None:
        if not self._looking:
            self._looking = True
            (_output if self.root else wait_for)(self._look())

    async def _look(self) -> None:
        """Judge again when nothing is left to become known."""
        await self._ended
        self._judge_new()
        late = False
        while await _settled(later for declared in self.declared for later in declared.laters):
            late = True
        self._looking = False
        if late:
            self._refuse(self.declared, proves=True)
        if any([await one.take_registered(self._aliases) for one in self.declared if one.is_owned]):
            self._refuse(self.declared, proves=True, anew=True)  # a transform, which only the engine calls, did it
        self.judge.expectations.say_open()

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
            self._refuse(needed)

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
            self._refuse(self.declared, proves=True)
        finally:
            self._seconds = time.perf_counter() - started
            if self.made_up:
                self.judge.expectations.say_open()
                self.declared, self.unseen, self._judged = [], [], 0  # the next test is another program

    def _refuse(self, declared: Sequence[Declared], *, proves: bool = False, anew: bool = False) -> None:
        try:
            self.judge.refuse(declared, self.unseen, all_is_seen=self._sees_all, proves=proves, anew=anew)
        except pulumi.RunError as refused:
            if self.root is None:  # of a plugin, the engine shows this error alone without a traceback
                raise pulumi.InputPropertiesError(str(refused), []) from None
            raise

    def _end(self) -> None:
        """The program has come to its end: `sys.exc_info` tells how."""
        self._failed = sys.exc_info()[1]
        self._ended.set_result(None)
        wait_in_bulk()

    async def _end_when_quiet(self) -> None:
        """Take the program for ended when all that it declared is registered, where the SDK does not tell."""
        registered, self._sees_all = 0, False
        while registered != len(self.declared):
            for declared in self.declared[registered:]:
                registered += 1
                await asyncio.wait([asyncio.ensure_future(declared.resource.urn.future())])
            for _ in range(_TURNS):
                await asyncio.sleep(0)
        self._ended.set_result(None)


def _output(coroutine: Coroutine[Any, Any, Any]) -> "pulumi.Output[Any]":
    """As an Output its failure ends the program, whoever waits for it."""
    made: pulumi.Output[Any] = pulumi.Output.from_input(coroutine)
    return made


def _waiting(
    args: pulumi.ResourceTransformationArgs, waits_for: Sequence["pulumi.Output[Any]"]
) -> pulumi.ResourceTransformationResult | None:
    """The resource waiting for these as well, unless it does already."""
    given = args.opts.depends_on
    known = {id(one) for one in given} if isinstance(given, Sequence) else set()
    more = [one for one in waits_for if id(one) not in known]
    if not more:
        return None
    opts = copy.copy(args.opts)
    opts.depends_on = _also(given, more)
    return pulumi.ResourceTransformationResult(args.props, opts)


def _also(depends_on: Any, more: Sequence[Any]) -> Any:
    """`depends_on` in any of its forms, and more."""
    if depends_on is None:
        return list(more)
    if isinstance(depends_on, pulumi.Resource):
        return [depends_on, *more]
    if isinstance(depends_on, Sequence):
        return [*depends_on, *more]
    return pulumi.Output.all(depends_on, *more).apply(lambda known: known[0])  # one resource or a list of them


async def _settled(laters: Iterable[Later]) -> bool:
    """Wait for values; whether there was anything to wait for."""
    pending = [later.settled for later in laters if later.pending and later.settled]
    if pending:
        await asyncio.wait(pending)
    return bool(pending)
