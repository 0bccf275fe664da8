import dataclasses
import json
import tarfile

import pytest

from lab.errors import LabError
from lab.parts import GO_ORDER, catalog, golang, gomod, oci
from lab.parts.catalog import GO_SOURCES, PULUMI_PARTS, load


def test_every_go_part_has_its_pinned_module_and_a_place_in_the_build():
    go = load().go
    assert set(GO_ORDER) == set(go)
    assert {path.name for path in GO_SOURCES.iterdir()} == set(go)
    assert set(PULUMI_PARTS) <= set(go)


def test_every_image_is_made_of_known_parts():
    table = load()
    parts = {*table.go, *table.wheels}
    for image in table.images.values():
        assert set(image.binaries) <= parts
        assert image.debian in {"", *table.debian}


TABLE = """
[go.tool]
module = "example.com/tool/v2"
packages = ["."]
variables = { "example.com/version.Full" = "v{version}", "example.com/version.Short" = "{major}.{minor}" }
[go.fork]
module = "example.com/tool/v2"
version = "7.5.0"
packages = ["."]
[wheels]
[images]
[debian]
without = []
[debian.sets]
"""


def test_a_parts_version_is_its_line_in_go_mod_unless_upstream_calls_it_otherwise(tmp_path, monkeypatch):
    for name in ("tool", "fork"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "go.mod").write_text("module lab\n\nrequire example.com/tool/v2 v2.14.3 // indirect\n")
    (tmp_path / "parts.toml").write_text(TABLE)
    monkeypatch.setattr(catalog, "GO_SOURCES", tmp_path)
    go = load(tmp_path / "parts.toml").go
    assert (go["tool"].version, go["fork"].version) == ("2.14.3", "7.5.0")
    assert go["tool"].variables == {"example.com/version.Full": "v2.14.3", "example.com/version.Short": "2.14"}


def test_an_older_go_than_a_module_asks_for_is_refused(tmp_path, monkeypatch):
    (tmp_path / "tool").mkdir()
    (tmp_path / "tool/go.mod").write_text("module lab\n\ngo 1.999.1\n")
    monkeypatch.setattr(golang, "GO_SOURCES", tmp_path)
    with pytest.raises(LabError, match=r"^Go on PATH is go1\.\S+; the lab's modules need go1\.999\.1 or newer\.$"):
        golang.release()


@pytest.mark.parametrize(("older", "newer"), [("go1.26.5", "1.26.6"), ("go1.26", "1.26.0"), ("go1.9.7", "1.10")])
def test_releases_of_go_are_compared_as_numbers(older, newer):
    assert gomod.numbers(older) < gomod.numbers(newer)


def test_upstreams_published_checksums_are_the_recorded_ones():
    for module in load().go.values():
        recorded = (GO_SOURCES / module.name / "go.sum").read_text().splitlines() if module.sums else []
        assert set(module.sums) <= set(recorded)


def test_another_checksum_than_upstreams_is_refused_before_the_build(tmp_path):
    module = dataclasses.replace(load().go["provider-tls"], sums=["example.com/other v1.0.0 h1:x="])
    with pytest.raises(LabError, match=r"go\.sum does not hold upstream's published checksum 'example\.com/other"):
        golang.build(module, tmp_path, tmp_path / "log")


def test_a_changed_linker_flag_changes_the_key():
    module = load().go["pulumi"]
    assert golang.key(module) == golang.key(load().go["pulumi"])
    assert golang.key(module) != golang.key(dataclasses.replace(module, variables={}))


def test_a_failed_build_shows_the_compilers_words_and_the_log(tmp_path, monkeypatch):
    sources = tmp_path / "go"
    (sources / "broken").mkdir(parents=True)
    (sources / "broken/go.mod").write_text("module broken\n\ngo 1.26\n")
    (sources / "broken/main.go").write_text("package main\nfunc main() { undefinedThing() }\n")
    monkeypatch.setattr(golang, "GO_SOURCES", sources)
    module = dataclasses.replace(load().go["own"], name="broken", packages=["."])
    log = tmp_path / "build-broken.log"
    with pytest.raises(LabError) as failure:
        golang.build(module, tmp_path / "cache", log)
    assert "undefinedThing" in failure.value.report()
    assert f"the whole log: {log}" in failure.value.report()


def test_an_image_archive_is_the_same_bytes_for_the_same_files(tmp_path):
    root = tmp_path / "root"
    (root / "bin").mkdir(parents=True)
    (root / "bin/tool").write_text("#!")
    for name in ("one.tar", "two.tar"):
        oci.write(tmp_path / name, "lab.local/tool:1", root, entrypoint=["/bin/tool"], user="65532")
    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "two.tar").read_bytes()
    with tarfile.open(tmp_path / "one.tar") as archive:
        index = json.load(archive.extractfile("index.json"))
        manifest = json.load(
            archive.extractfile("blobs/sha256/" + index["manifests"][0]["digest"].removeprefix("sha256:"))
        )
        config = json.load(archive.extractfile("blobs/sha256/" + manifest["config"]["digest"].removeprefix("sha256:")))
    assert index["manifests"][0]["annotations"]["io.containerd.image.name"] == "lab.local/tool:1"
    assert (config["config"]["Entrypoint"], config["config"]["User"]) == (["/bin/tool"], "65532")
