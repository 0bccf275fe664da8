"""What README and docs/upgrading.md say about installing and upgrading."""

import subprocess

import pytest

from tests.unit.package.environments import REPOSITORY

UPGRADING = (REPOSITORY / "docs" / "upgrading.md").read_text()


def test_the_readme_names_the_wheel_that_is_built(wheel):
    assert f"'{wheel.name}[tools]'" in (REPOSITORY / "README.md").read_text()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("from components import TlsGateway, TlsHost\n", "from istio_ingress import TlsGateway, TlsHost\n"),
        ("    from components.pki import X\n", "    from istio_ingress.pki import X\n"),
        ("import components\ncomponents.TlsGateway\n", "import istio_ingress as components\ncomponents.TlsGateway\n"),
        ("from components_of_ours import x\n", "from components_of_ours import x\n"),
        ("from ours.components import x\n", "from ours.components import x\n"),
    ],
)
def test_the_imports_of_a_checkout_are_changed_by_the_command(tmp_path, before, after):
    (command,) = (block for block in UPGRADING.split("```sh\n") if block.startswith("grep "))
    files = [tmp_path / "__main__.py", tmp_path / "our platform" / "shop.py"]
    for file in files:
        file.parent.mkdir(exist_ok=True)
        file.write_text(before)
    (tmp_path / "notes.md").write_text(before)
    subprocess.run(command.split("```")[0], shell=True, cwd=tmp_path, check=True)
    assert [file.read_text() for file in files] == [after, after]
    assert (tmp_path / "notes.md").read_text() == before
