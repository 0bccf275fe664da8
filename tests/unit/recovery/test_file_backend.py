"""Where a file backend is, and which project a folder belongs to."""

from pathlib import Path

import pytest

from istio_ingress.recovery import file_backend


@pytest.mark.parametrize(
    ("url", "root"),
    [
        ("file:///srv/state", "/srv/state/.pulumi"),
        ("file:///srv/state?no_tmp_dir=true&metadata=skip", "/srv/state/.pulumi"),
        ("file://~", "/home/me/.pulumi"),
        ("file://~/state", "/home/me/state/.pulumi"),
        ("file://state", "/project/state/.pulumi"),
        ("file://./state", "/project/state/.pulumi"),
    ],
)
def test_a_file_backend_has_a_folder(url, root, monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    assert file_backend.root(url, Path("/project")) == Path(root)


@pytest.mark.parametrize("url", ["s3://bucket/path", "https://api.pulumi.com", "https://app.pulumi.com/me", ""])
def test_another_backend_has_none(url):
    assert file_backend.root(url, Path("/project")) is None


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("Pulumi.yaml", "# ours\nname: my-shop\nruntime: python\n"),
        ("Pulumi.yaml", "runtime:\n  name: python\nname:   'my-shop' # the shop\n"),
        ("Pulumi.yml", 'name: "my-shop"\n'),
        ("Pulumi.json", '{"runtime": {"name": "python"}, "name": "my-shop"}'),
    ],
)
def test_a_folder_belongs_to_the_nearest_project(tmp_path, file, text):
    (tmp_path / "Pulumi.yaml").write_text("name: another\n")
    below = tmp_path / "shop" / "src"
    below.mkdir(parents=True)
    (tmp_path / "shop" / file).write_text(text)
    assert file_backend.project(below) == "my-shop"


@pytest.mark.parametrize("text", ["", "runtime: python", "[", "name:"])
@pytest.mark.parametrize("file", ["Pulumi.yaml", "Pulumi.json"])
def test_a_project_without_a_name(tmp_path, file, text):
    (tmp_path / file).write_text(text)
    assert file_backend.project(tmp_path) == ""
