"""`python -m tests.sdks oldest|newest`: the unit tests that use Pulumi, and a short end-to-end part, on another SDK.

The oldest is what requirements-oldest.txt says, and pyproject.toml promises. The newest is what PyPI has today: what
fails there is reported, and fails nothing.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import venv
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
UNIT = [f"tests/unit/{folder}" for folder in ("components", "plugin", "policy", "sdk")]
SUITES = {
    "unit": [*UNIT, "-n", "auto"],
    "end to end": ["tests/e2e", "-m", "sdk"],
}
# What the lab's providers are built from decides, whatever PyPI has.
PROVIDERS = ("pulumi-kubernetes", "pulumi-tls")


def main() -> int:
    """Run the suites on one of them; 0 where all passed, or where it is only reported."""
    (which,) = sys.argv[1:]
    python = environment(which)
    version = installed(python)
    if which == "newest" and version == pinned("pulumi"):
        print(f"  The newest Pulumi SDK, {version}, is the pinned one.", file=sys.stderr)
        return 0
    print(f"  Pulumi SDK {version}, the {which}", file=sys.stderr)
    failed = [name for name, arguments in SUITES.items() if run(python, arguments)]
    if failed and which == "newest":
        line = f"ON THE NEWEST PULUMI SDK, {version}, TESTS FAIL: {' and '.join(failed)} (see above)."
        print(f"\n{'!' * len(line)}\n{line}\n{'!' * len(line)}\n", file=sys.stderr)
        return 0
    return bool(failed)


def environment(which: str) -> Path:
    """A Python with that SDK, this folder's package and what the tests need."""
    tools = [line for line in (REPOSITORY / "requirements-dev.txt").read_text().splitlines() if re.match(r"\w", line)]
    sdk = (REPOSITORY / "requirements-oldest.txt").read_text().splitlines()
    if which == "newest":
        sdk = ["pulumi", *(f"{name}=={pinned(name)}" for name in PROVIDERS)]
    wanted = [*tools, *(line for line in sdk if re.match(r"\w", line))]
    key = hashlib.sha256("\n".join([sys.version, str(REPOSITORY), which, *wanted]).encode()).hexdigest()[:16]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "istio-ingress" / "venv"
    directory = cache / f"{which}-{key}"
    python = directory / "bin" / "python"
    if not (directory / ".folder").exists():
        print(f"  Python environment in {directory}", file=sys.stderr)
        venv.create(directory, clear=True, with_pip=True)
        pip(python, *wanted)
        (directory / ".folder").write_text(f"{REPOSITORY}\n")
    elif which == "newest":
        pip(python, "--upgrade", *wanted)
    pip(python, "--no-deps", "--no-build-isolation", "--editable", str(REPOSITORY))
    return python


def pip(python: Path, *arguments: str) -> None:
    """Install."""
    command = [str(python), "-m", "pip", "--quiet", "--disable-pip-version-check", "install", *arguments]
    subprocess.run(command, check=True)


def pinned(name: str) -> str:
    """The version that requirements.txt pins."""
    found = re.search(rf"^{name}==(.+)$", (REPOSITORY / "requirements.txt").read_text(), re.MULTILINE)
    assert found, f"requirements.txt does not pin {name}"
    return found[1]


def installed(python: Path) -> str:
    """The version of the SDK in an environment."""
    program = "from importlib.metadata import version; print(version('pulumi'))"
    return subprocess.run([python, "-c", program], capture_output=True, text=True, check=True).stdout.strip()


def run(python: Path, arguments: list[str]) -> int:
    """Run pytest on the lab; its exit code."""
    pytest = f'eval "$({python} -m lab env)"; exec {python} -m pytest -p no:cacheprovider "$@"'
    return subprocess.run(["bash", "-euc", pytest, "pytest", *arguments], cwd=REPOSITORY, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
