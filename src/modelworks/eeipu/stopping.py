"""Ctrl-C and SIGTERM, as something that a waiting thread is told of."""

import contextlib
import queue
import signal
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stop:
    """What a queue gets when a signal has come."""


@contextlib.contextmanager
def on_signals(results: "queue.SimpleQueue[Any]") -> Iterator[threading.Event]:
    """Set the event and put a `Stop` into the queue at the first signal; a second one does what it did before.

    Signals are the main thread's: elsewhere nothing changes, and the event is never set.
    """
    stopped = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stopped
        return
    before = {number: signal.getsignal(number) for number in _SIGNALS}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def stop(number: int, frame: FrameType | None) -> None:
        restore()
        stopped.set()
        results.put(Stop())  # the one queue that a signal handler may put into: it needs no lock

    for number in _SIGNALS:
        signal.signal(number, stop)
    try:
        yield stopped
    finally:
        restore()
