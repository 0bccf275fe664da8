import multiprocessing
import os
import signal
import time

import pytest

from lab.cache import artifact, key_of, locked, remove


def test_the_key_follows_the_content_of_files(tmp_path):
    (tmp_path / "go.mod").write_text("module a")
    before = key_of(tmp_path, {"version": "1"})
    assert key_of(tmp_path, {"version": "1"}) == before
    (tmp_path / "go.mod").write_text("module b")
    assert key_of(tmp_path, {"version": "1"}) != before
    assert key_of(tmp_path, {"version": "2"}) != key_of(tmp_path, {"version": "1"})


def test_an_artifact_is_built_once(tmp_path):
    calls = []

    def build(scratch):
        calls.append(scratch)
        (scratch / "binary").write_text("built")

    first = artifact(tmp_path, "tool", "key", build)
    second = artifact(tmp_path, "tool", "key", build)
    assert first == second
    assert (first / "binary").read_text() == "built"
    assert len(calls) == 1


def test_a_failed_build_leaves_nothing_under_its_key(tmp_path):
    def fail(scratch):
        (scratch / "binary").write_text("half")
        raise RuntimeError("compiler")

    with pytest.raises(RuntimeError):
        artifact(tmp_path, "tool", "key", fail)
    assert not list((tmp_path / "parts").glob("*"))
    built = artifact(tmp_path, "tool", "key", lambda scratch: (scratch / "whole").touch())
    assert [path.name for path in built.iterdir()] == ["whole"]


def _slow_build(cache, started):
    def build(scratch):
        (scratch / "binary").write_text("half")
        started.set()
        time.sleep(60)

    artifact(cache, "tool", "key", build)


def test_a_build_killed_in_the_middle_leaves_no_half_made_binary(tmp_path):
    context = multiprocessing.get_context("fork")
    started = context.Event()
    child = context.Process(target=_slow_build, args=(tmp_path, started))
    child.start()
    assert started.wait(10)
    os.kill(child.pid, signal.SIGKILL)
    child.join()
    assert not list((tmp_path / "parts").glob("*"))
    built = artifact(tmp_path, "tool", "key", lambda scratch: (scratch / "binary").write_text("whole"))
    assert (built / "binary").read_text() == "whole"


def _hold(lock, held, release):
    with locked(lock, "a test"):
        held.set()
        release.wait(10)


def test_a_second_run_says_whom_it_waits_for(tmp_path, capfd):
    context = multiprocessing.get_context("fork")
    held, release = context.Event(), context.Event()
    child = context.Process(target=_hold, args=(tmp_path / "lock", held, release))
    child.start()
    assert held.wait(10)
    waiting = context.Process(target=_hold, args=(tmp_path / "lock", context.Event(), release))
    waiting.start()
    time.sleep(0.3)
    assert waiting.is_alive()
    release.set()
    child.join(10)
    waiting.join(10)
    assert f"waiting for a test (process {child.pid})" in capfd.readouterr().err


def test_a_tree_that_forbids_writing_is_removed(tmp_path):
    (tmp_path / "tree/below").mkdir(parents=True)
    (tmp_path / "tree/below/file").touch()
    (tmp_path / "tree/below").chmod(0o555)
    remove(tmp_path / "tree")
    assert not (tmp_path / "tree").exists()
