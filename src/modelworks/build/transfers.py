"""The progress of a long transfer: at most one line every two seconds, from any number of threads."""

import threading
import time
from collections.abc import Callable

from fsspec.callbacks import Callback

from modelworks.build.quantities import size

PERIOD_S = 2.0


class Progress(Callback):
    """Counts files and bytes; `say` takes a line, such as `sending objects: 12 of 340, 1.2 GB`.

    It is what fsspec calls with the bytes that it has transferred, so that one large file moves the count too.
    """

    def __init__(self, what: str, total: int, say: Callable[[str], None]) -> None:
        super().__init__()
        self.files = 0
        self.bytes = 0
        self._moving = 0
        self._what, self._total, self._say = what, total, say
        self._lock = threading.Lock()
        self._last = time.monotonic()

    def relative_update(self, inc: int = 1) -> None:
        """Take note of bytes of a file that is on its way."""
        with self._lock:
            self._moving += inc
            self._tell()

    def absolute_update(self, value: int) -> None:
        """Files share this callback, so what one of them has in all says nothing."""

    def set_size(self, size: int) -> None:
        """Nor does the size of one of them."""

    def finished(self, transferred: int | None) -> None:
        """Take note of a file, with its bytes if it was transferred."""
        with self._lock:
            self.files += 1
            self.bytes += transferred or 0
            self._tell()

    def _tell(self) -> None:
        if time.monotonic() - self._last >= PERIOD_S:
            self._last = time.monotonic()
            # Not every file system tells of bytes on their way.
            done = size(max(self.bytes, self._moving))
            self._say(f"{self._what}: {self.files} of {self._total}, {done}")
