"""The attribute files that a kill leaves half written, and who else's files are left alone."""

import pytest

from istio_ingress.recovery import attribute_files


@pytest.fixture
def backend(tmp_path):
    stacks = tmp_path / ".pulumi" / "stacks"
    stacks.mkdir(parents=True)
    for name, text in {
        "dev.json": "",
        "dev.json.attrs": "",
        "prod.json.attrs": '{"md5":"x"}',
        "cut.attrs": '{"m',
    }.items():
        (stacks / name).write_text(text)
    return tmp_path


def names(directory):
    return {path.name for path in (directory / ".pulumi" / "stacks").iterdir()}


def test_half_written_attributes_go_and_nothing_else(backend):
    root = backend / ".pulumi"
    assert {path.name for path in attribute_files.torn(root)} == {"dev.json.attrs", "cut.attrs"}
    assert len(names(backend)) == 4
    assert {path.name for path in attribute_files.remove_torn(root)} == {"dev.json.attrs", "cut.attrs"}
    assert names(backend) == {"dev.json", "prod.json.attrs"}


def test_a_backend_without_files_has_none(tmp_path):
    assert attribute_files.torn(tmp_path / ".pulumi") == []
