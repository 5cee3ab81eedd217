"""A line of talk with a process that may say anything, too much, or nothing."""

import contextlib
import os
import selectors
import signal
import subprocess
import time
from dataclasses import dataclass
from types import TracebackType

import psutil

_CHUNK = 1 << 16
_LOOK = 0.1  # seconds of wall-clock between two looks at the time that was used


class TooSlow(Exception):
    """No answer within the time; the text says which: CPU or wall-clock."""


@dataclass(frozen=True)
class Allowed:
    """Seconds that a wait may take: of CPU, by the process and all below it, and of wall-clock.

    CPU is what decides, so that a busy machine does not; the wall-clock ends what sleeps.
    """

    cpu: float
    wall: float


class TooLong(Exception):
    """More output than allowed."""


class Closed(Exception):
    """The process closed its end."""


class Pipes:
    """A process's standard streams; at the end of the `with` the process is killed, with its session if it leads one.

    No wait takes more than what it is allowed, nor goes beyond `wall_seconds` after the start.
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

    def send(self, data: bytes, allowed: Allowed) -> None:
        """Write all of it. Raises TooSlow, Closed."""
        view, clock = memoryview(data), self._clock(allowed)
        while view:
            self._wait(self._input, selectors.EVENT_WRITE, clock)
            try:
                view = view[os.write(self._input, view) :]
            except BlockingIOError:
                continue
            except BrokenPipeError:
                raise Closed from None

    def line(self, allowed: Allowed) -> bytes:
        """The next line without its end. Raises TooSlow, TooLong, Closed."""
        clock, searched = self._clock(allowed), 0
        while (end := self._read.find(b"\n", searched)) < 0:
            searched = len(self._read)
            if not self._more(clock):
                raise Closed
        line = bytes(self._read[:end])
        del self._read[: end + 1]
        return line

    def rest(self, allowed: Allowed) -> bytes:
        """All output to its end. Raises TooSlow, TooLong."""
        clock = self._clock(allowed)
        while self._more(clock):
            pass
        return bytes(self._read)

    def exit_code(self) -> int:
        """How the process ended, which it must do at once or by `wall_seconds`. Raises TooSlow."""
        try:
            return self._process.wait(max(0.1, self._end - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise TooSlow("wall-clock") from None

    def complaint(self) -> str:
        """The last line on standard error so far."""
        self._process.kill()
        self._process.wait()
        try:
            lines = os.read(self._errors, _CHUNK).decode(errors="replace").strip().splitlines()
        except BlockingIOError:
            return ""
        return lines[-1] if lines else ""

    def _more(self, clock: "_Clock") -> bool:
        """Read some more; False at the end."""
        self._wait(self._output, selectors.EVENT_READ, clock)
        try:
            chunk = os.read(self._output, _CHUNK)
        except BlockingIOError:
            return True
        self._seen += len(chunk)
        if self._seen > self._output_bytes:
            raise TooLong
        self._read += chunk
        return bool(chunk)

    def _clock(self, allowed: Allowed) -> "_Clock":
        return _Clock(self._process.pid, allowed, self._end)

    @staticmethod
    def _wait(descriptor: int, event: int, clock: "_Clock") -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(descriptor, event)
            while not selector.select(clock.next_look()):
                clock.look()
            clock.look()


class _Clock:
    """What one wait has used. The first look at CPU is the wait's zero: a quick answer costs none."""

    def __init__(self, process: int, allowed: Allowed, end: float) -> None:
        self._process = process
        self._allowed = allowed
        self._end = min(time.monotonic() + allowed.wall, end)
        self._looked = time.monotonic()
        self._zero: float | None = None

    def next_look(self) -> float:
        """Seconds until the next look, or the end."""
        return max(0.0, min(_LOOK, self._end - time.monotonic()))

    def look(self) -> None:
        """Raises TooSlow if more was used than allowed."""
        now = time.monotonic()
        if now >= self._end:
            raise TooSlow("wall-clock")
        if now - self._looked < _LOOK:
            return
        self._looked = now
        used = cpu_seconds(self._process)
        self._zero = used if self._zero is None else self._zero
        if used - self._zero > self._allowed.cpu:
            raise TooSlow("CPU")


def cpu_seconds(process: int) -> float:
    """Seconds of CPU that a process, and those below it that still run, have used; of one that is gone 0."""
    try:
        root = psutil.Process(process)
        family = [root, *root.children(recursive=True)]
    except psutil.Error:
        return 0.0
    used = 0.0
    for one in family:
        with contextlib.suppress(psutil.Error):
            times = one.cpu_times()
            used += times.user + times.system
    return used
