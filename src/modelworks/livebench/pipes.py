"""A line of talk with a process that may say anything, too much, or nothing."""

import contextlib
import os
import selectors
import signal
import subprocess
import time
from types import TracebackType

_CHUNK = 1 << 16


class TooSlow(Exception):
    """No answer within the time."""


class TooLong(Exception):
    """More output than allowed."""


class Closed(Exception):
    """The process closed its end."""


class Pipes:
    """A process's standard streams; at the end of the `with` the process is killed, with its session if it leads one.

    No wait is longer than its own limit in seconds nor goes beyond `wall_seconds` after the start.
    """

    def __init__(self, process: "subprocess.Popen[bytes]", wall_seconds: float, output_bytes: int) -> None:
        assert process.stdin and process.stdout and process.stderr
        self._process = process
        self._end = time.monotonic() + wall_seconds
        self._output_bytes = output_bytes
        self._input, self._output, self._errors = (
            stream.fileno() for stream in (process.stdin, process.stdout, process.stderr)
        )
        self._read = bytearray()
        self._seen = 0
        for descriptor in (self._input, self._output, self._errors):
            os.set_blocking(descriptor, False)

    def __enter__(self) -> "Pipes":
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        try:
            if os.getpgid(self._process.pid) == self._process.pid:
                os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            assert stream
            with contextlib.suppress(BrokenPipeError):
                stream.close()

    def send(self, data: bytes, seconds: float) -> None:
        """Write all of it. Raises TooSlow, Closed."""
        view, deadline = memoryview(data), self._deadline(seconds)
        while view:
            self._wait(self._input, selectors.EVENT_WRITE, deadline)
            try:
                view = view[os.write(self._input, view) :]
            except BlockingIOError:
                continue
            except BrokenPipeError:
                raise Closed from None

    def line(self, seconds: float) -> bytes:
        """The next line without its end. Raises TooSlow, TooLong, Closed."""
        deadline, searched = self._deadline(seconds), 0
        while (end := self._read.find(b"\n", searched)) < 0:
            searched = len(self._read)
            if not self._more(deadline):
                raise Closed
        line = bytes(self._read[:end])
        del self._read[: end + 1]
        return line

    def rest(self, seconds: float) -> bytes:
        """All output to its end. Raises TooSlow, TooLong."""
        deadline = self._deadline(seconds)
        while self._more(deadline):
            pass
        return bytes(self._read)

    def exit_code(self) -> int:
        """How the process ended, which it must do at once or by `wall_seconds`. Raises TooSlow."""
        try:
            return self._process.wait(max(0.1, self._end - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise TooSlow from None

    def complaint(self) -> str:
        """The last line on standard error so far."""
        self._process.kill()
        self._process.wait()
        try:
            lines = os.read(self._errors, _CHUNK).decode(errors="replace").strip().splitlines()
        except BlockingIOError:
            return ""
        return lines[-1] if lines else ""

    def _more(self, deadline: float) -> bool:
        """Read some more; False at the end."""
        self._wait(self._output, selectors.EVENT_READ, deadline)
        try:
            chunk = os.read(self._output, _CHUNK)
        except BlockingIOError:
            return True
        self._seen += len(chunk)
        if self._seen > self._output_bytes:
            raise TooLong
        self._read += chunk
        return bool(chunk)

    def _deadline(self, seconds: float) -> float:
        return min(time.monotonic() + seconds, self._end)

    @staticmethod
    def _wait(descriptor: int, event: int, deadline: float) -> None:
        left = deadline - time.monotonic()
        with selectors.DefaultSelector() as selector:
            selector.register(descriptor, event)
            if left <= 0 or not selector.select(left):
                raise TooSlow
