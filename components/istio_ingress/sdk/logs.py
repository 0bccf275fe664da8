"""Private keys stay out of Pulumi's logs.

Its Python SDK (seen in 3.246.0 and 3.272.0) writes the outputs of components and stacks into debug messages, secrets
included: `pulumi up -v=3` and `--debug` would show every exported key.
"""

import re
from typing import Any

import pulumi

from .missing import missing

_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|$)", re.DOTALL)
_debug = getattr(pulumi.log, "debug", None)


def redacted(message: str) -> str:
    """The message without its private keys."""
    return _KEY.sub("[private key]", message)


def _redacting_debug(msg: str, *args: Any, **options: Any) -> None:
    if _debug:
        _debug(redacted(msg), *args, **options)


def _nothing(msg: str, *args: Any, **options: Any) -> None:
    pass


def drop_debug() -> None:
    """From here on, debug messages of this program are not sent at all."""
    pulumi.log.debug = _nothing


def keep_keys_out() -> None:
    """From here on, debug messages of this program show no private key."""
    if _debug is None:
        missing("pulumi.log.debug", "private keys may stand in what `pulumi up --debug` prints")
    elif pulumi.log.debug is not _nothing:
        pulumi.log.debug = _redacting_debug
