"""What a stage prints, passed on to the terminal and the log as it comes."""

import contextlib
import os
from pathlib import Path
from typing import BinaryIO

# Of a line that may speak of a denied access; `denial` looks closer.
SIGNS = (b"enied", b"rror 13", b"rrno 13", b"o such file")


class Transcript:
    """Writes to the terminal and to the log; keeps the lines that speak of a denied access."""

    def __init__(self, log: str | None) -> None:
        self._log: BinaryIO | None = None
        if log and log not in ("/dev/stderr", "/dev/stdout", "/dev/null"):
            Path(log).parent.mkdir(parents=True, exist_ok=True)
            self._log = open(log, "wb", buffering=0)  # noqa: SIM115
        self.suspect: list[str] = []
        self._rest = b""

    def write(self, chunk: bytes) -> None:
        """Pass on what the stage printed, at once and unchanged."""
        # Whoever started the build may have gone, with the terminal; the log still counts.
        with contextlib.suppress(OSError):
            written = 0
            while written < len(chunk):
                written += os.write(2, chunk[written:])
        if self._log is not None:
            self._log.write(chunk)
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        self._rest = self._rest[-8192:]
        suspect = (line for line in lines if any(sign in line for sign in SIGNS))
        self.suspect = [*self.suspect, *(line.decode("utf-8", "replace") for line in suspect)][-200:]

    def say(self, text: str) -> None:
        """Add a line of the runner's own."""
        self.write(text.encode("utf-8", "surrogateescape") + b"\n")
