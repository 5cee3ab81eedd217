"""What a sweep does just now, for whoever waits: best so far, spent, reused, what runs, and when it will be done.

On a terminal a few lines are drawn anew in place; elsewhere each trial that ends is one line.
"""

import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from modelworks.eeipu.record import Record, hits
from modelworks.eeipu.trial import Trial, value_of

_EVERY_S = 1.0
_UP, _CLEAR = "\x1b[{}F", "\x1b[J"


@dataclass(frozen=True)
class Progress:
    """What was spent when this run of the sweep began, and how long ago that was (seconds)."""

    spent_before: float
    elapsed: float


class Live:
    """Shows a sweep through `write`; `terminal`: redraw in place, with a thread that keeps the times going."""

    def __init__(
        self, write: Callable[[str], None], terminal: bool, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._write, self._terminal, self._clock = write, terminal, clock
        self._begun = 0.0
        self._since: dict[int, float] = {}
        self._record: Record | None = None
        self._spent_before = 0.0
        self._ended: set[int] | None = None
        self._drawn = 0
        self._turn = threading.RLock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep_drawing, daemon=True)

    def show(self, record: Record) -> None:
        """Take in what the log says now; called after each event."""
        with self._turn:
            if self._ended is None:
                self._begun, self._spent_before = self._clock(), spent(record)
                self._ended = {trial.number for trial in record.trials}
                if self._terminal:
                    self._thread.start()
            self._record = record
            now = self._clock()
            self._since = {trial.number: self._since.get(trial.number, now) for trial in record.pending}
            new = [trial for trial in record.trials if trial.number not in self._ended]
            self._ended |= {trial.number for trial in new}
            if self._terminal:
                self._draw()
                return
            for trial in new:
                self._write(line(record, trial, self._progress()) + "\n")

    def end(self) -> None:
        """Draw no more; what was drawn last stays."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()
        with self._turn:
            if self._terminal and self._record is not None:
                self._draw()
            self._drawn = 0

    def _progress(self) -> Progress:
        return Progress(self._spent_before, self._clock() - self._begun)

    def _keep_drawing(self) -> None:
        while not self._over.wait(_EVERY_S):
            with self._turn:
                self._draw()

    def _draw(self) -> None:
        assert self._record is not None
        width = shutil.get_terminal_size().columns - 1
        now = self._clock()
        lines = table(self._record, self._progress(), {number: now - since for number, since in self._since.items()})
        home = _UP.format(self._drawn) + _CLEAR if self._drawn else ""
        self._write(home + "".join(f"{text[:width]}\n" for text in lines))
        self._drawn = len(lines)


def spent(record: Record) -> float:
    """What was spent until now, in the unit of the budget."""
    return record.spent[-1] if record.spent else 0.0


def table(record: Record, progress: Progress, running: dict[int, float]) -> list[str]:
    """The lines that are drawn; `running`: trial -> for how many seconds."""
    best = record.best
    reused = record.reused
    failed = len(record.trials) - len(record.ok)
    key = record.sweep["objective"]["key"]
    lines = [
        f"sweep {record.name}  {record.method}",
        f"  best     {_best(record, best)}  {key}",
        f"  spent    {_spent(record)}",
        f"  trials   {len(record.trials)} ended" + (f", {failed} without a value" if failed else ""),
        f"  reused   {'nothing yet' if reused is None else f'{100 * reused:.0f} % of all cost'}",
    ]
    for trial in record.pending:
        foreseen = f", foreseen to reuse {', '.join(sorted(trial.foresight.hits))}" if trial.foresight.hits else ""
        lines.append(f"  running  {trial.number:04d} for {duration(running.get(trial.number, 0.0))}{foreseen}")
    left = remaining(record, progress)
    lines.append(f"  left     {'unknown yet' if left is None else f'about {duration(left)}'}")
    return lines


def line(record: Record, trial: Trial, progress: Progress) -> str:
    """One line for a trial that has ended."""
    value = value_of(trial)
    outcome = trial.outcome
    came = f"{value:.6g}" if value is not None else outcome.status if outcome else "?"
    reached = hits(trial, record.groups)
    left = remaining(record, progress)
    return (
        f"trial {trial.number:04d}  {came}  best {_best(record, record.best)}"
        f"  cost {trial.charged:.3g} {record.cost_unit}"
        f"  reused {sum(reached.values())} of {len(reached)} groups  spent {_spent(record)}"
        + ("" if left is None else f"  left {duration(left)}")
    )


def remaining(record: Record, progress: Progress) -> float | None:
    """Seconds until the budget is spent, if that goes on as it has; None before the first trial of this run."""
    done = spent(record) - progress.spent_before
    if done <= 0.0:
        return None
    return max(0.0, record.budget - spent(record)) * progress.elapsed / done


def duration(seconds: float) -> str:
    """`45 s`, `12 min`, `3 h 20 min`."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"


def _best(record: Record, best: Trial | None) -> str:
    return "none" if best is None else f"{value_of(best):.6g} (trial {best.number:04d})"


def _spent(record: Record) -> str:
    share = 100 * spent(record) / record.budget
    return f"{spent(record):.4g} of {record.budget:g} {record.unit} ({share:.0f} %)"
