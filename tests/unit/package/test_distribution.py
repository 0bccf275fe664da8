"""The wheel and the sdist, in the environment of another project."""

import shutil
import zipfile

import pytest

from tests.unit.package.environments import CONSTRAINTS, REPOSITORY, build

PACKAGE = REPOSITORY / "components" / "istio_ingress"
FOLDERS = ("components", "rules", "policy", "doctor", "deploy", "lab", "tests")
PROGRAM = f"""
from importlib import import_module

from istio_ingress import TlsGateway

print(*(import_module(name).OWNER for name in {FOLDERS}), TlsGateway.__module__)
"""
GATEWAY = """\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: shop.example, namespace: shop}
spec:
  selector: {istio: ingressgateway}
  servers:
  - port: {number: 80, name: http, protocol: HTTP}
    hosts: [shop.example]
"""
OFFLINE = ("--quiet", "--no-index", "--no-build-isolation")


@pytest.fixture
def project(tmp_path):
    """A platform team's repository, with folders of its own by the names that ours has."""
    directory = tmp_path / "platform"
    for name in FOLDERS:
        (directory / name).mkdir(parents=True)
        (directory / name / "__init__.py").write_text("OWNER = 'platform'\n")
    (directory / "__main__.py").write_text(PROGRAM)
    return directory


@pytest.fixture
def install(environment, wheel):
    """Installs the wheel, or this folder for development."""
    ways = {"wheel": [str(wheel)], "editable": ["--editable", str(REPOSITORY)]}
    return lambda way: environment.pip("install", *OFFLINE, *CONSTRAINTS, *ways[way])


def files(directory):
    """The files below a folder, by their paths from it; what Python makes there is nobody's."""
    found = (path for path in directory.rglob("*") if path.is_file())
    return {str(path.relative_to(directory)) for path in found if "__pycache__" not in path.parts}


@pytest.mark.parametrize("way", ["wheel", "editable"])
def test_a_project_keeps_its_own_folders(environment, project, install, way):
    install(way)
    done = environment.run(project, "python", "__main__.py")
    assert done.stdout.split() == ["platform"] * len(FOLDERS) + ["istio_ingress.tls_gateway"], done.stderr


def test_an_environment_gets_one_import_name_and_one_command(environment, install):
    before = environment.files()
    install("wheel")
    added = environment.files() - before
    at_the_top = {path.split("site-packages/")[1].split("/")[0] for path in added if "site-packages/" in path}
    assert {name.split("-")[0] for name in at_the_top} == {"istio_ingress"}
    assert {path for path in added if "site-packages/" not in path} == {"bin/istio-ingress"}


def test_the_command_says_how_it_is_used(environment, project, install):
    install("wheel")
    done = environment.run(project, "istio-ingress", "--help")
    assert done.returncode == 0, done.stderr
    assert "istio-ingress check" in done.stdout


@pytest.mark.parametrize("way", ["wheel", "editable"])
def test_nothing_is_left_when_it_is_uninstalled(environment, project, install, way):
    before = environment.files()
    install(way)
    environment.run(project, "python", "-c", "from istio_ingress import rules")
    assert environment.files() > before
    environment.pip("uninstall", "--quiet", "--yes", "istio-ingress")
    assert environment.files() == before


def test_the_wheel_has_the_whole_package_its_types_and_its_licence(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {name.removeprefix("istio_ingress/") for name in names if name.startswith("istio_ingress/")} == files(
        PACKAGE
    )
    assert "istio_ingress/py.typed" in names
    (licence,) = (name for name in names if name.endswith(".dist-info/licenses/LICENSE"))
    assert zipfile.ZipFile(wheel).read(licence) == (REPOSITORY / "LICENSE").read_bytes()


def test_the_sdist_builds_the_same_wheel_and_has_what_the_tests_need(wheel, tmp_path):
    sdist = build("sdist", tmp_path / "sdist")
    shutil.unpack_archive(sdist, tmp_path / "unpacked")  # Debian's Python 3.11.2 knows no filters of tarfile
    (source,) = (tmp_path / "unpacked").iterdir()
    assert build("wheel", tmp_path / "wheel", source).read_bytes() == wheel.read_bytes()
    for folder in (".ci", "components", "deploy", "docs", "examples", "lab", "tests"):
        assert files(source / folder) == files(REPOSITORY / folder)
    assert {"Makefile", "Pulumi.yaml", "Pulumi.dev.yaml", "__main__.py", "requirements-dev.txt"} <= files(source)


def test_what_only_reads_manifests_needs_no_pulumi(bare, project, wheel):
    bare.pip("install", *OFFLINE, "--no-deps", str(wheel))
    (project / "gateway.yaml").write_text(GATEWAY)
    done = bare.run(project, "istio-ingress", "check", "gateway.yaml")
    assert done.returncode == 1, done.stderr
    assert "gateway-name: Gateway shop/shop.example" in done.stdout
    done = bare.run(project, "python", "-c", "import istio_ingress, istio_ingress.rules, pulumi")
    assert done.stderr.endswith("ModuleNotFoundError: No module named 'pulumi'\n")
