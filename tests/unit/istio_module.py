"""The sources of the Istio that the lab is built of."""

import json
import subprocess
from functools import cache
from pathlib import Path

GO_MODULE = Path(__file__).resolve().parents[2] / "lab" / "go" / "istio"


@cache
def istio_module() -> Path:
    """The module's directory, downloaded where it is not there yet."""
    command = ["go", "mod", "download", "-json", "istio.io/istio"]
    done = subprocess.run(command, cwd=GO_MODULE, capture_output=True, text=True, check=True)
    return Path(json.loads(done.stdout)["Dir"])
