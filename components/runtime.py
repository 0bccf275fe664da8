"""What a program with many hosts may ask of the Python that it runs in."""

import gc
import os

from . import logs

_OBJECTS = 50_000
_DEBUG = "ISTIO_INGRESS_DEBUG"


def tune_runtime() -> None:
    """Make the program that calls it quicker; to be called once, at its beginning, after its imports.

    Python's cyclic garbage collector looks less often: what is imported is never garbage, and declaring resources makes
    little. And the Python SDK's own debug messages are not sent to the engine, which takes them one by one whether or
    not anybody reads them; with `ISTIO_INGRESS_DEBUG=1` in the environment they are, for `pulumi up --debug`.

    Both concern the whole process, so it is the program's choice: no component makes it.
    """
    gc.freeze()
    gc.set_threshold(_OBJECTS)
    if os.environ.get(_DEBUG) != "1":
        logs.drop_debug()
