"""Providers that have outlived their engine."""

import shutil
import socket
import subprocess

import pytest

from istio_ingress.recovery import providers

FOLDER = "project"


@pytest.fixture
def start(tmp_path):
    """Starts a process by the name of a provider, which runs as `NAME ENGINE` in a folder."""
    started = []

    def run(name, engine, folder=FOLDER):
        (tmp_path / folder).mkdir(exist_ok=True)
        # `tail -f /dev/null ENGINE` goes on although the second file is none.
        command = [str(tmp_path / name), "-f", "/dev/null", engine]
        shutil.copy("/usr/bin/tail", command[0])
        started.append(subprocess.Popen(command, cwd=tmp_path / folder, stderr=subprocess.DEVNULL))
        return started[-1]

    yield run
    for process in started:
        process.kill()
        process.wait()


def found(tmp_path):
    return [one.pid for one in providers.outliving(tmp_path / FOLDER)]


def test_a_provider_whose_engine_is_gone_is_found_and_ended(start, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as engine:
        address = f"127.0.0.1:{engine.getsockname()[1]}"
        ours = start("pulumi-resource-tls", address)
        assert found(tmp_path) == []
    assert found(tmp_path) == [ours.pid]
    (one,) = providers.outliving(tmp_path / FOLDER)
    assert str(one) == f"pulumi-resource-tls (process {ours.pid})"
    one.end()
    assert ours.wait(5) == -9
    assert found(tmp_path) == []


def test_other_projects_other_programs_and_those_without_an_engine_are_none(start, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as engine:
        address = f"127.0.0.1:{engine.getsockname()[1]}"
    start("pulumi-resource-tls", address, folder="other")
    start("tail", address)
    start("pulumi-resource-kubernetes", "by-hand")
    assert found(tmp_path) == []
