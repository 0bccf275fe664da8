"""Imports go one way: docs/architecture.md has the list, and this holds the modules to it."""

import ast
import re
from pathlib import Path

import pytest

import istio_ingress

PACKAGE = Path(istio_ingress.__file__).parent
PAGE = (PACKAGE.parents[1] / "docs" / "architecture.md").read_text()
# What any of them may import, and which imports none of them.
GROUND = {"rules", "walk", "expected"}


def listed():
    """The modules at the top of the package, and its folders, from the components down."""
    (block,) = (block for block in PAGE.split("```") if block.startswith("\nhttpbin_ingress"))
    named = [re.findall(r"\w+", re.split(r" {3,}", line.strip())[0]) for line in block.splitlines() if line[:1].strip()]
    return [[name for name in line if (PACKAGE / name).is_dir() or (PACKAGE / f"{name}.py").exists()] for line in named]


LAYERS = [line for line in listed() if line and line != ["plugin"]]
RANK = {name: rank for rank, line in enumerate(LAYERS) for name in line}


def commands():
    """The folders of the commands about a running ingress, and those that they stand on, from the top down."""
    (block,) = (block for block in PAGE.split("```") if block.startswith("\ndoctor "))
    return [line.split()[0] for line in block.splitlines() if line[:1].strip()]


def imported(file):
    """The modules at the top, or folders, that a module of ours imports from."""
    inside = file.parent != PACKAGE
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level == (2 if inside else 1):
            names = [node.module] if node.module else [alias.name for alias in node.names]
            yield from (name.split(".")[0] for name in names)


def files(name):
    folder = PACKAGE / name
    return sorted(folder.glob("*.py")) if folder.is_dir() else [PACKAGE / f"{name}.py"]


def test_the_page_lists_what_there_is():
    assert {"tls_gateway", "component", "manifests", "arguments", "pki", "preview", "sdk", "refusal"} <= RANK.keys()


@pytest.mark.parametrize("name", RANK)
def test_a_module_imports_only_what_stands_below_it(name):
    above = {
        f"{file.name} imports {other}"
        for file in files(name)
        for other in imported(file)
        if other not in GROUND and RANK.get(other, -1) < RANK[name]
    }
    assert above == set()


def test_the_page_lists_the_commands_and_what_they_stand_on():
    assert set(commands()) >= {"doctor", "map", "ask", "requests", "live", "walk", "topology"}


@pytest.mark.parametrize("name", commands())
def test_a_command_imports_only_what_stands_below_it(name):
    order = commands()
    above = {
        f"{file.name} imports {module}"
        for file in (PACKAGE / name).rglob("*.py")
        for module in everything_imported(file)
        if module.startswith(f"{PACKAGE.name}.") and module.split(".")[1] in order[: order.index(name)]
    }
    assert above == set()


def everything_imported(file):
    """The names of the modules that a module imports, ours by their way from the package."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == PACKAGE.name:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield f"{PACKAGE.name}.{node.module}" if node.level else node.module


@pytest.mark.parametrize("file", sorted((PACKAGE / "rules").rglob("*.py")), ids=lambda file: file.stem)
def test_the_rules_read_no_files_and_talk_to_nobody(file):
    outside = {"argparse", "io", "pathlib", "subprocess", "sys", "yaml"}
    ours = {name for name in everything_imported(file) if name.startswith(f"{PACKAGE.name}.")}
    others = {name for name in ours if name.split(".")[1] not in ("rules", "x509")}
    assert not others | (outside & set(everything_imported(file)))
