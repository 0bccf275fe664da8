"""The package as other stacks and other languages see it."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import istio_ingress
from istio_ingress import plugin

REPOSITORY = Path(__file__).resolve().parents[3]
COMPONENTS = plugin.COMPONENTS


def test_every_component_is_exported_and_served_by_the_plugin():
    texts = [file.read_text() for file in Path(istio_ingress.__file__).parent.glob("*.py")]
    classes = {name for text in texts for name in re.findall(r"^class (\w+)\(Component,", text, re.MULTILINE)}
    assert {component.__name__ for component in COMPONENTS} == classes
    assert len(classes) >= 6


def test_everything_exported_is_there_and_nothing_else_is():
    assert all(hasattr(istio_ingress, name) for name in istio_ingress.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'Teapot'"):
        _ = istio_ingress.Teapot


def test_a_component_is_imported_when_it_is_asked_for():
    program = (
        "import sys, istio_ingress; istio_ingress.CertificateAuthority; "
        "print('istio_ingress.certificate_authority' in sys.modules, "
        "'istio_ingress.manifests.workloads' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False"]


def test_the_components_import_only_pulumi_the_rules_and_the_standard_library():
    program = (
        "import sys, pulumi, pulumi_kubernetes, pulumi_tls; before = set(sys.modules); import istio_ingress; "
        "[getattr(istio_ingress, name) for name in istio_ingress.__all__]; "
        "print(*{name.split('.')[0] for name in set(sys.modules) - before} - set(sys.stdlib_module_names))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) <= {"istio_ingress", "pulumi", "pulumi_kubernetes", "pulumi_tls"}


def test_the_oldest_versions_that_are_tried_are_those_that_are_promised():
    promised = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["dependencies"]
    oldest = {re.match(r"([\w-]+)>=([\d.]+)", line).groups() for line in promised}
    tried = re.findall(r"^([\w-]+)==([\d.]+)\.0$", (REPOSITORY / "requirements-oldest.txt").read_text(), re.MULTILINE)
    assert set(tried) == oldest
