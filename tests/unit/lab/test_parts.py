import dataclasses
import json
import tarfile

import pytest

from lab.errors import LabError
from lab.parts import GO_ORDER, golang, oci
from lab.parts.catalog import GO_SOURCES, PULUMI_PARTS, load


def test_every_go_part_has_its_pinned_module_and_a_place_in_the_build():
    catalog = load()
    assert set(GO_ORDER) == set(catalog.go)
    assert {path.name for path in GO_SOURCES.iterdir()} == set(catalog.go)
    assert set(PULUMI_PARTS) <= set(catalog.go)


def test_every_image_is_made_of_known_parts():
    catalog = load()
    parts = {*catalog.go, *catalog.wheels}
    for image in catalog.images.values():
        assert set(image.binaries) <= parts
        assert image.debian in {"", *catalog.debian}


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
