"""What a build says: what is running, what is left and when it will end, and one line at the end."""

import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TextIO

_QUIET_S = 2.0
_PERIOD_S = 30.0


@dataclass
class Tally:
    """The counts of one build."""

    restored: int = 0
    ran: int = 0
    saved: float = 0.0
    not_memoized: Counter[str] = field(default_factory=Counter)
    warnings: list[str] = field(default_factory=list)

    def summary(self, elapsed: float) -> str:
        """The one line at the end of every build."""
        return (
            f"restored {self.restored}, ran {self.ran}, not memoized {self.not_memoized.total()}, "
            f"saved {self.saved:.0f} s, elapsed {elapsed:.1f} s"
        )


class Reporter:
    """Writes to stderr. `running` and `left` are asked for when a progress line is due."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.tally = Tally()
        self._stream = stream if stream is not None else sys.stderr
        self._last = 0.0
        self._told: set[str] = set()
        self._timer: threading.Timer | None = None

    def say(self, text: str) -> None:
        """Write one line at once, however long ago the last one was."""
        self._stream.write(f"{text}\n")
        self._stream.flush()

    def warn(self, text: str) -> None:
        """Write a warning once, and again below the summary."""
        if text not in self._told:
            self._told.add(text)
            self.tally.warnings.append(text)
            self.say(f"warning: {text}")

    def progress(self, describe: Callable[[], str | None]) -> None:
        """Write a progress line if the last one is two seconds old; while jobs run, every half minute."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = threading.Timer(_PERIOD_S, self.progress, [describe])
        self._timer.daemon = True
        self._timer.start()
        if time.monotonic() - self._last < _QUIET_S:
            return
        text = describe()
        if text is None:
            self._timer.cancel()
            return
        self._last = time.monotonic()
        self.say(text)

    def finish(self, elapsed: float, resume: str | None) -> None:
        """Write the summary: what was not memoized and why, the counts, and how to resume a stopped build."""
        if self._timer is not None:
            self._timer.cancel()
        for reason, count in sorted(self.tally.not_memoized.items()):
            self.say(f"not memoized: {reason}" + (f" ({count} jobs)" if count > 1 else ""))
        self.say(self.tally.summary(elapsed))
        if resume is not None:
            self.say(f"stopped; resume with: {resume}")
