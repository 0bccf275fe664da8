"""`istio-ingress`: what is the same for every command, seen from a shell."""

import os
import pty
import re
import signal
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path

import pytest

from istio_ingress import cli
from istio_ingress.cli import COMMANDS, PACKAGES

REPOSITORY = Path(__file__).parents[3]
COMMAND = Path(sysconfig.get_path("scripts")) / "istio-ingress"
GATEWAY = """
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: NAME, namespace: shop}
spec:
  selector: {istio: ingressgateway}
  servers:
  - port: {number: 80, name: http, protocol: HTTP}
    hosts: [shop.example]
"""


def run(*words, command=(COMMAND,), **options):
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    defaults = {"capture_output": True, "text": True, "timeout": 60, "cwd": "/", "input": "", "env": environment}
    return subprocess.run([*command, *map(str, words)], check=False, **(defaults | options))


def python(program, **options):
    return run("-c", program, command=(sys.executable,), **options)


def project():
    return tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]


def test_the_version_is_that_of_the_project():
    assert run("--version").stdout == f"istio-ingress {project()['version']}\n"


def test_the_policy_pack_does_not_repeat_the_version():
    folder = Path(run("policy-pack").stdout.strip())
    assert "version" not in (folder / "PulumiPolicy.yaml").read_text()


def test_the_module_is_the_same_command():
    assert run("--version", command=(sys.executable, "-m", "istio_ingress")).stdout == run("--version").stdout


def test_help_names_every_command():
    done = run("--help")
    assert (done.returncode, done.stderr) == (0, "")
    for name, command in COMMANDS.items():
        assert re.search(rf"^  {name} +{re.escape(command.says)}$", done.stdout, re.MULTILINE)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_has_examples_and_exit_codes(name):
    done = run(name, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    examples, _, codes = done.stdout.partition("\nexamples:\n")[2].partition("\nexit codes:\n")
    assert f"istio-ingress {name}" in examples
    assert re.findall(r"^  (\d)  \w", codes, re.MULTILINE)[0] == "0"


def test_without_a_command_the_help_is_shown():
    done = run()
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == run("--help").stdout


@pytest.mark.parametrize("words", [("chek",), ("--jsno",), ("check", "--jsno"), ("doctor", "map"), ("recover", "dev")])
def test_wrong_words_are_refused(words):
    done = run(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert words[-1] in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("words", "unneeded"),
    [
        (["check", "/dev/null"], {"pulumi", "pulumi_kubernetes", "httpx", "cryptography", "grpc"}),
        (["--version"], {"pulumi", "httpx", "cryptography", "yaml", "json", "subprocess"}),
        (["check", "--help"], {"pulumi", "httpx", "cryptography"}),
        (["recover", "--cwd", "/nowhere"], {"pulumi", "httpx", "cryptography", "yaml"}),
        (["renew-check", "--cwd", "/nowhere"], {"pulumi", "httpx", "cryptography", "yaml"}),
        (["policy-pack"], {"pulumi", "httpx", "cryptography", "yaml"}),
    ],
)
def test_a_command_imports_what_it_needs(words, unneeded):
    program = (
        "import sys\nfrom istio_ingress.cli import main\n"
        f"try:\n    main({words})\nexcept SystemExit: pass\nprint(*sys.modules, file=sys.stderr)"
    )
    loaded = set(python(program).stderr.splitlines()[-1].split())
    assert "istio_ingress.cli" in loaded
    assert loaded & unneeded == set()


def without(package, words, **options):
    """Run a command where a package is not installed."""
    program = (
        f"import sys; sys.modules[{package!r}] = None; from istio_ingress.cli import main; sys.exit(main({words}))"
    )
    return python(program, **options)


def test_manifests_are_checked_without_pulumi(tmp_path):
    (tmp_path / "gateway.yaml").write_text(GATEWAY.replace("NAME", "shop.example"))
    done = without("pulumi", ["check", str(tmp_path / "gateway.yaml")])
    assert (done.returncode, done.stderr) == (1, "")
    assert "gateway-name" in done.stdout


@pytest.mark.parametrize(
    ("package", "words"),
    [
        ("yaml", ["check", "/dev/null"]),
        ("httpx", ["doctor"]),
        ("h2", ["requests"]),
        ("cryptography", ["requests"]),
        ("pulumi_policy", ["policy-pack"]),
    ],
)
def test_a_missing_package_is_one_sentence_with_the_line_for_pip(package, words):
    done = without(package, words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"istio-ingress: `{words[0]}` needs {PACKAGES[package]}; install it with: pip install 'istio-ingress[tools]'\n"
    )


def test_the_extra_brings_every_package():
    extra = " ".join(project()["optional-dependencies"]["tools"])
    assert all(package in extra for package in PACKAGES.values())


def test_a_module_of_ours_that_is_missing_is_no_missing_package():
    done = without("istio_ingress.check.reading", ["check"])
    assert "ModuleNotFoundError" in done.stderr


def test_certificates_are_left_out_where_nothing_can_read_them():
    done = without("cryptography", ["check", "/dev/null"])
    assert (done.returncode, done.stdout) == (0, "0 findings in 0 manifests\n")
    assert "pip install 'istio-ingress[tools]'" in done.stderr


def at_a_terminal(*words, **environment):
    """What a command writes to a terminal."""
    shown, terminal = pty.openpty()
    done = run(*words, capture_output=False, stdout=terminal, env={"PATH": os.environ["PATH"], **environment})
    os.close(terminal)
    text = b""
    try:
        while part := os.read(shown, 4096):
            text += part
    except OSError:  # its end
        pass
    os.close(shown)
    return done.returncode, text.decode()


@pytest.fixture
def broken(tmp_path):
    file = tmp_path / "gateway.yaml"
    file.write_text(GATEWAY.replace("NAME", "shop.example"))
    return file


def test_a_terminal_has_colours(broken):
    code, text = at_a_terminal("check", broken, TERM="xterm")
    assert code == 1
    assert ": \x1b[31merror\x1b[0m gateway-name: " in text


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1", "TERM": "xterm"}, {"TERM": "dumb"}])
def test_a_terminal_without_colours(broken, environment):
    code, text = at_a_terminal("check", broken, **environment)
    assert (code, "\x1b" in text) == (1, False)
    assert ": error gateway-name: " in text


def test_an_empty_no_color_is_as_if_it_were_not_set(broken):
    assert "\x1b[31m" in at_a_terminal("check", broken, NO_COLOR="", TERM="xterm")[1]


def test_a_file_has_no_colours(broken):
    assert "\x1b" not in run("check", broken, env={"TERM": "xterm"}).stdout


@pytest.fixture
def unread():
    """A pipe that nobody reads any more."""
    reader, writer = os.pipe()
    os.close(reader)
    yield writer
    os.close(writer)


@pytest.mark.parametrize("words", [(), ("--json",)])
def test_a_reader_that_has_gone_away_does_not_change_the_verdict(broken, unread, words):
    done = run("check", *words, broken, capture_output=False, stdout=unread, stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.parametrize("words", [("--help",), ("--version",), ("check", "--help")])
def test_help_for_a_reader_that_has_gone_away_is_no_error(unread, words):
    done = run(*words, capture_output=False, stdout=unread, stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (0, "")


def test_notes_that_nobody_reads_are_no_error(unread):
    done = run("check", "/nowhere", capture_output=False, stdout=subprocess.PIPE, stderr=unread)
    assert (done.returncode, done.stdout) == (2, "0 findings in 0 manifests; 1 file cannot be read\n")


@pytest.mark.parametrize("closed", ["1", "2"])
def test_a_stream_that_is_closed_changes_nothing_of_the_other(broken, closed):
    command = [sys.executable, "-m", "istio_ingress", "check", "--json", str(broken), "/nowhere"]
    done = subprocess.run(
        ["sh", "-c", f'exec "$@" {closed}>&-', "sh", *command], capture_output=True, text=True, check=False
    )

    whole = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == whole.returncode == 2
    assert (done.stdout, done.stderr) == (("", whole.stderr) if closed == "1" else (whole.stdout, ""))


def test_a_full_disk_is_one_sentence(broken):
    with Path("/dev/full").open("w") as full:
        done = run("check", broken, capture_output=False, stdout=full, stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (
        2,
        "istio-ingress: cannot write the output: No space left on device.\n",
    )


def test_text_that_the_terminal_cannot_show_is_escaped(tmp_path):
    file = tmp_path / os.fsdecode(b"caf\xe9.yaml")
    file.write_text(GATEWAY.replace("NAME", "shop.example"))
    done = run("check", file, env={"PYTHONIOENCODING": "ascii"})
    assert (done.returncode, done.stderr) == (1, "")
    assert "caf\\udce9.yaml:2: error gateway-name" in done.stdout


def test_ctrl_c_ends_with_130_and_no_traceback(tmp_path):
    os.mkfifo(tmp_path / "manifests.yaml")
    with (
        subprocess.Popen(
            [COMMAND, "check", tmp_path / "manifests.yaml"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process,
        (tmp_path / "manifests.yaml").open("w"),
    ):  # which waits until it is read
        process.send_signal(signal.SIGINT)
        out, error = process.communicate(timeout=20)
    assert (process.returncode, out, error) == (130, "", "istio-ingress: interrupted.\n")


def test_a_file_that_cannot_be_written_is_one_sentence(tmp_path):
    preview = tmp_path / "preview.json"
    preview.write_text('{"steps": []}')
    target = tmp_path / "none" / "map.svg"
    done = run("map", "--gateway", "a/b", "--preview", preview, "--output", target)
    assert (done.returncode, done.stderr) == (2, f"istio-ingress: {target}: No such file or directory.\n")


def test_without_standard_input_a_file_is_asked_for():
    # What shifts the clock (tests/variants.py) would open a file of its own where the standard input was.
    done = run(f"unset LD_PRELOAD; {COMMAND} check <&-", command=("bash", "-c"))
    assert (done.returncode, done.stderr) == (2, "istio-ingress: there is no standard input; name a file.\n")


def test_a_program_can_ask_for_a_command(broken, capsys):
    assert cli.main(["check", str(broken)]) == 1
    assert "gateway-name" in capsys.readouterr().out
