"""Signals reach what a test starts, though whoever runs the tests ignores them, as `nohup` does."""

import signal

HANDLERS = {signal.SIGINT: signal.default_int_handler, signal.SIGHUP: lambda *_: None}

for number, handler in HANDLERS.items():
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, handler)  # what is ignored stays so in a child; what has a handler does not
