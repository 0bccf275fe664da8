"""Who writes a stack's objects: the field manager of Kubernetes' server-side apply.

Each project and stack has its own, so that the API server refuses a second stack the objects of the first. It is the
same in every update, so that the one after a killed one finds its objects again: under the provider's random name they
end with two owners, and later updates with conflicts.
"""

import hashlib
import json
import re

#: The annotation by which the provider is told of it, and which the object keeps.
ANNOTATION = "pulumi.com/patchFieldManager"
_PREFIX = "pulumi-kubernetes-"  # as the provider's own begin, so that it knows them for its own
_OF_EVERY_STACK = "pulumi-istio-ingress"  # until 2026-11-26; objects of that time keep it
_LONGEST = 128  # what the API server takes
_DIGITS = 10
_OF_SOME_STACK = re.compile(rf"{_PREFIX}[0-9a-f]{{8}}|{_OF_EVERY_STACK}")
_OURS = re.compile(rf"{_PREFIX}.*-[0-9a-f]{{{_DIGITS}}}|{_OF_EVERY_STACK}")


def field_manager(project: str, stack: str) -> str:
    """The field manager of a stack's objects: readable as far as there is room, and no other stack's."""
    digest = hashlib.sha256(json.dumps([project, stack]).encode()).hexdigest()[:_DIGITS]
    readable = re.sub(r"[^A-Za-z0-9_.-]", "-", f"{project}-{stack}")
    return f"{_PREFIX}{readable[: _LONGEST - len(_PREFIX) - len(digest) - 1]}-{digest}"


def is_of_some_stack(manager: str) -> bool:
    """Whether any stack may be behind it: the provider's own, where a program names none, or our old one."""
    return _OF_SOME_STACK.fullmatch(manager) is not None


def is_ours(manager: str) -> bool:
    """Whether it is one of this package's components, of any stack."""
    return _OURS.fullmatch(manager) is not None
