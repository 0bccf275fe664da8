"""Previews of programs in other languages, whose components run in the plugin, against the same programs in Python."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import yaml

from tests.bench.figures import Figure
from tests.bench.gateway import empty_namespace
from tests.bench.measure import progress, run
from tests.e2e import people
from tests.e2e.people import LANGUAGES, Person
from tests.e2e.stacks import Stack

PROGRAMS = Path(__file__).resolve().parent / "programs"
NAMESPACE = "bench-languages"
DOMAIN = f"{NAMESPACE}.example.com"
HOSTS = 100
PYTHON = "Python"
REACH = 1.5


def measure(rounds: int) -> list[Figure]:
    """`pulumi preview` from nothing, of the stack `dev` and of many hosts, in turn for all languages."""
    with tempfile.TemporaryDirectory() as directory, empty_namespace(NAMESPACE):
        folder, hosts = Path(directory), people.language_hosts()
        people.clone(folder)
        written = {language: _person(folder, hosts, language) for language in LANGUAGES}
        stacks = {language: person.stack for language, person in written.items()}
        figures = _series("preview of the stack dev", {PYTHON: _dev(folder / "dev")} | stacks, rounds)
        for language, person in written.items():
            _WITH_HOSTS[language](person.directory)
        return figures + _series("preview", {PYTHON: _hosts(folder / "hosts")} | stacks, rounds, size=HOSTS)


def _series(name: str, stacks: dict[str, Stack], rounds: int, size: int | None = None) -> list[Figure]:
    found: dict[str, list[float]] = {way: [] for way in stacks}
    for number in range(rounds + 1):
        for way, stack in stacks.items():
            environment = stack.environment | {"HOSTS": str(HOSTS)}
            done = run(["pulumi", "preview", "--non-interactive"], stack.directory, environment)
            progress(f"round {number}, {way}: {name} {done.seconds:.2f} s")
            if number:  # the first one only warms the caches
                found[way].append(done.seconds)
    others = [
        Figure(name, way, "s", values, size=size, reach=REACH, against=PYTHON)
        for way, values in found.items()
        if way != PYTHON
    ]
    return [*others, Figure(name, PYTHON, "s", found[PYTHON], size=size)]


def _person(folder: Path, hosts: str, language: str) -> Person:
    own = people.environment(hosts, folder / f"state-{language}")
    person = Person(folder, own, f"{LANGUAGES[language]}.{DOMAIN}", NAMESPACE, language)
    person.begin()
    return person


def _dev(directory: Path) -> Stack:
    stack = Stack.of_this_repository(directory, "dev")
    for key, value in {"namespace": NAMESPACE, "domain": f"python.{DOMAIN}"}.items():
        stack.pulumi("config", "set", key, value)
    return stack


def _hosts(directory: Path) -> Stack:
    return Stack.create(directory, (PROGRAMS / "our_hosts" / "__main__.py").read_text(), project="our-hosts")


def _in_yaml(directory: Path) -> None:
    file = directory / "Pulumi.yaml"
    names = [f"host-{number}.bench.example.com" for number in range(HOSTS)]
    hosts = [{"host": name, "backend": {"service": "httpbin", "port": 8000}} for name in names]
    bench = {"type": "istio-ingress:TlsGateway", "properties": {"hosts": hosts}}
    program = yaml.safe_load(file.read_text()) | {"resources": {"bench": bench}, "outputs": {"hosts": "${bench.hosts}"}}
    file.write_text(yaml.safe_dump(program, sort_keys=False))


def _in_typescript(directory: Path) -> None:
    shutil.copyfile(PROGRAMS / "hosts_typescript" / "index.ts", directory / "index.ts")


def _in_go(directory: Path) -> None:
    shutil.copyfile(PROGRAMS / "hosts_go" / "main.go", directory / "main.go")


_WITH_HOSTS: dict[str, Callable[[Path], None]] = {"YAML": _in_yaml, "TypeScript": _in_typescript, "Go": _in_go}
