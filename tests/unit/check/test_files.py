"""What the words of a command line name is read, once, and what cannot be read stops nothing else."""

import os
from pathlib import Path

import pytest

from istio_ingress.check import files

SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: %s}\n"


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """A folder with files, that is the working directory."""
    texts = {
        "a.yaml": SERVICE % "a",
        "b/c.yml": SERVICE % "c",
        "b/d.json": '{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "d"}}',
        "b/readme.txt": "kind: {{",
        "b/package.json": "{// no manifest",
        "b/values.yaml": "- 1\n",
        ".git/e.yaml": SERVICE % "e",
        "node_modules/f.yaml": SERVICE % "f",
    }
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(*words):
    found = files.read(words)
    return [manifest["metadata"]["name"] for manifest in found.manifests], [str(one) for one in found.unreadable]


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["."], ["a", "c", "d"]),
        (["b"], ["c", "d"]),
        (["**/*.y*ml", "a.yaml"], ["a", "c", "f"]),
        (["b/[cd].*"], ["c", "d"]),
        (["a.yaml", "a.yaml", "./a.yaml", "."], ["a", "c", "d"]),
    ],
)
def test_folders_patterns_and_files(tree, words, wanted):
    (tree / "b" / "values.yaml").unlink()
    assert names(*words) == (wanted, [])


def test_a_file_of_another_program_is_passed_over_in_a_folder_and_not_where_it_is_named(tree):
    assert names("b") == (["c", "d"], [])
    assert names("b/values.yaml")[1] == [
        "cannot read b/values.yaml: line 1: a manifest is a mapping, and this is a number"
    ]


def test_a_pattern_that_matches_nothing_and_a_file_that_is_not_there(tree):
    assert names("x/*.yaml", "no.yaml", "a.yaml") == (
        ["a"],
        ["cannot read x/*.yaml: no file matches", "cannot read no.yaml: No such file or directory"],
    )


@pytest.mark.parametrize("second", ["metadata: {name: {{ .Values.name }}}", "%{ if wanted ~}\nx: y\n%{ endif ~}"])
def test_a_template_in_a_folder_is_said_and_the_rest_is_read(tree, second):
    (tree / "b" / "t.yaml").write_text(f"kind: Service\n{second}\n")

    found, unreadable = names(".")

    assert found == ["a", "c", "d"]
    assert unreadable == [
        "cannot read b/t.yaml: line 2: this is a template and no YAML yet; render it first, as `helm template` does"
    ]


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(tree):
    (tree / "x[1].yaml").write_text(SERVICE % "x")

    assert names("x[1].yaml") == (["x"], [])


def test_a_pipe_is_read(tree):
    read, write = os.pipe()
    os.write(write, (SERVICE % "p").encode())
    os.close(write)

    assert names(f"/dev/fd/{read}") == (["p"], [])


PATCHED = """\
resources: [../base]
patchesStrategicMerge: [old.yaml, "kind: Service\\nmetadata: {name: written-here}"]
patchesJson6902: [{path: list.yaml, target: {kind: Service}}]
patches: [{path: below/new.yaml}, {patch: "- {op: remove, path: /spec}"}]
"""


@pytest.mark.parametrize("name", ["kustomization.yaml", "kustomization.yml", "Kustomization"])
def test_patches_of_kustomize_are_no_manifests(tree, name):
    (tree / "prod" / "below").mkdir(parents=True)
    for file, text in {
        name: PATCHED,
        "old.yaml": SERVICE % "old",
        "list.yaml": "- {op: add, path: /kind}\n",
        "mine.yaml": SERVICE % "mine",
        "below/new.yaml": SERVICE % "new",
        "below/more.yaml": SERVICE % "more",
    }.items():
        (tree / "prod" / file).write_text(text)

    found = files.read(["prod/old.yaml", "prod/list.yaml", "prod/mine.yaml", "prod/below"])

    assert [manifest["metadata"]["name"] for manifest in found.manifests] == ["mine", "more"]
    assert (found.patches, found.unreadable) == (3, [])


def test_a_kustomization_that_cannot_be_read_names_no_patch(tree):
    (tree / "kustomization.yaml").write_text("patches: {{ x }}\n")

    assert files.read(["a.yaml"]).patches == 0


def test_a_folder_that_may_not_be_read_is_said_and_the_rest_is_read(tree, monkeypatch):
    scan = os.scandir

    def scandir(place):
        if str(place).endswith("b"):
            raise PermissionError(13, "Permission denied", str(place))
        return scan(place)

    monkeypatch.setattr(os, "scandir", scandir)
    assert names(".") == (["a"], ["cannot read ./b: Permission denied"])


def test_what_has_no_end_is_passed_over_in_a_folder(tree):
    os.mkfifo("b/pipe.yaml")
    assert names("b") == (["c", "d"], [])


def test_a_link_to_itself_is_one_sentence(tree):
    Path("loop.yaml").symlink_to("loop.yaml")
    assert names("loop.yaml") == ([], ["cannot read loop.yaml: Too many levels of symbolic links"])
