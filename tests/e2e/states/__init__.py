"""States of stacks that earlier commits made on the lab, for today's program to take over.

They are as `pulumi stack export` wrote them, but for the places in the source where each resource was declared:
`jq 'del(.deployment.resources[] | .sourcePosition, .stackTrace)'`. Secrets are encrypted, with the passphrase of every
lab. No certificate in them is due before 2059, so that no preview depends on its day.

- `dev.json`: the repository's own stack with the configuration `DEV`, by commit 10b8e1a, before there was a package.
- `further.json`: `further.py` by the same commit, where it imported `components`.
"""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
DEV = {
    "domain": "old.example.com",
    "namespace": "old",
    "create_namespace": "true",
    "authority_validity_days": 36500,
    "leaf_validity_days": 18250,
    "httpbin_image": "lab.local/go-httpbin:1",
    "helloworld_image": "lab.local/helloworld:1",
    "nginx_image": "lab.local/nginx:1",
}


def resources(state: str) -> list[dict[str, Any]]:
    """What a state holds, without the providers, which go with the versions of their SDKs."""
    exported = json.loads((FOLDER / f"{state}.json").read_text())
    return [one for one in exported["deployment"]["resources"] if not one["type"].startswith("pulumi:providers:")]
