"""The attribute files that a kill leaves half written, and who else's files are left alone."""

import pytest

from deploy import sidecars


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


@pytest.mark.parametrize("query", ["", "?no_tmp_dir=true"])
def test_half_written_attributes_go_and_nothing_else(backend, query):
    removed = sidecars.remove_torn(f"file://{backend}{query}")
    assert {path.name for path in removed} == {"dev.json.attrs", "cut.attrs"}
    assert names(backend) == {"dev.json", "prod.json.attrs"}


def test_a_backend_below_the_home_directory_is_found(backend, monkeypatch):
    monkeypatch.setenv("HOME", str(backend))
    assert len(sidecars.remove_torn("file://~")) == 2


def test_another_backend_has_none(backend, monkeypatch):
    monkeypatch.chdir(backend)
    assert sidecars.remove_torn("s3://bucket/path") == []
    assert len(names(backend)) == 4
