"""Runs a sweep: proposes, builds, records, until the budget is spent. All state is the trial log, so it resumes.

The random trials of the warm-up come first, the same for all methods; the method's own begin when they have ended.
"""

import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from modelworks.build.errors import ModelworksError
from modelworks.eeipu import accounting, resuming
from modelworks.eeipu.errors import SweepError
from modelworks.eeipu.log import Log
from modelworks.eeipu.methods_simple import Exhausted, draw
from modelworks.eeipu.parameter import identity
from modelworks.eeipu.space import Space
from modelworks.eeipu.stopping import Stop, on_signals
from modelworks.eeipu.sweep_schema import Sweep
from modelworks.eeipu.trial import History, Method, Outcome, Pipeline, Proposal, Trial, ranked

INTERRUPTED = 130  # the exit status of a shell's job that Ctrl-C has ended
_MOST_DRAWS = 1000
_WARM_UP_STREAM, _REDRAW_STREAM = 1 << 32, 1 << 33  # no trial has such a number
_FIRST_FAILURES = 10


@dataclass(frozen=True)
class Finish:
    """How a sweep has ended: the winner, None if no trial has ended well, and why no other trial was begun.

    `untested`: why the winner, which is as good as it was, has no test score.
    """

    winner: Trial | None
    reason: Literal["budget", "exhausted", "interrupted"]
    untested: ModelworksError | None = None

    @property
    def status(self) -> int:
        """The exit status."""
        return INTERRUPTED if self.reason == "interrupted" else 0


def run(
    sweep: Sweep,
    space: Space,
    pipeline: Pipeline,
    method: Method,
    log: Log,
    *,
    on_event: Callable[[Mapping[str, Any]], None] = lambda event: None,
    test: Callable[[Trial], float] | None = None,
    stop: Callable[[], None] = lambda: None,
) -> Finish:
    """Run or resume a sweep whose log is open for writing.

    `on_event` is called with every event, once it is on disk; `test` computes the winner's test score, at the end of a
    sweep that was not interrupted. On SIGINT and SIGTERM `stop` is called, which has to end the builds that run: their
    trials stay open, and are the first that the resumed sweep builds. Raises SweepError, and what the pipeline raises.
    """
    running = _Running(sweep, space, pipeline, method, log, on_event)
    running.append(resuming.first_event(sweep, pipeline.groups, log))
    with on_signals(running.results) as stopped:
        try:
            reason = running.until_spent(stopped, stop)
        except BaseException:
            stop()
            raise
    winner = next(iter(ranked(log.trials(), sweep.maximize)), None)
    if test and winner and reason != "interrupted" and winner.number not in log.tested():
        try:
            score = test(winner)
        except ModelworksError as error:  # the trials are as they were, so the caller may still write them out
            return Finish(winner, reason, error)
        running.append({"event": "tested", "trial": winner.number, "value": score})
    return Finish(winner, reason)


def warm_up_points(space: Space, seed: int, count: int) -> list[dict[str, Any]]:
    """Distinct uniform candidates, a function of the arguments alone; fewer where a space has no more."""
    found: dict[str, dict[str, Any]] = {}
    for attempt in range(count * _MOST_DRAWS):
        if len(found) == count:
            break
        values = draw(space, seed, _WARM_UP_STREAM, attempt)
        found.setdefault(identity(values), values)
    return list(found.values())


class _Running:
    """A sweep while it runs: the main thread proposes and writes the log, a thread for each trial builds."""

    def __init__(
        self,
        sweep: Sweep,
        space: Space,
        pipeline: Pipeline,
        method: Method,
        log: Log,
        on_event: Callable[[Mapping[str, Any]], None],
    ) -> None:
        self._sweep, self._space, self._pipeline, self._method = sweep, space, pipeline, method
        self._log, self._on_event = log, on_event
        self._warm_up = warm_up_points(space, sweep.file.seed, sweep.file.method.warm_up_trials)
        self._building: set[int] = set()
        self._waiting: list[Trial] = []
        self.results: queue.SimpleQueue[tuple[int, Outcome | BaseException] | Stop] = queue.SimpleQueue()

    def append(self, event: Mapping[str, Any] | None) -> None:
        """Record an event, and tell of it."""
        if event is not None:
            self._log.append(event)
            self._told()

    def until_spent(
        self, stopped: threading.Event, stop: Callable[[], None]
    ) -> Literal["budget", "exhausted", "interrupted"]:
        """Propose, build and record until there is nothing more to do, and nothing builds."""
        self._waiting = self._log.running()
        self._refuse_failures()
        while True:
            reason = self._fill(stopped)
            if not self._building:
                return "interrupted" if stopped.is_set() else reason
            self._collect(stopped, stop)

    def _fill(self, stopped: threading.Event) -> Literal["budget", "exhausted"]:
        """Begin builds while there is room for one, trials of a driver that died first; why there is none to begin."""
        while len(self._building) < self._sweep.file.parallel and not stopped.is_set():
            try:
                trial = self._waiting.pop(0) if self._waiting else self._next()
            except Exhausted:
                return "exhausted"
            if trial is None or stopped.is_set():
                break
            self._build(trial)
        return "budget"

    def _collect(self, stopped: threading.Event, stop: Callable[[], None]) -> None:
        """Wait for a build, or for a signal, and record what came of it."""
        result = self.results.get()
        if isinstance(result, Stop):
            stop()
            return
        number, outcome = result
        self._building.discard(number)
        if isinstance(outcome, BaseException):
            raise outcome
        # What a signal has ended says nothing of the trial.
        if outcome.status == "ok" or not stopped.is_set():
            self._log.end(number, accounting.checked(outcome))
            self._told()
            self._refuse_failures()

    def _build(self, trial: Trial) -> None:
        self._building.add(trial.number)
        threading.Thread(target=self._work, args=(trial,), name=f"trial-{trial.number}", daemon=True).start()

    def _work(self, trial: Trial) -> None:
        try:
            self.results.put((trial.number, self._pipeline.run(trial.number, trial.values, trial.foresight)))
        except BaseException as error:
            self.results.put((trial.number, error))

    def _next(self) -> Trial | None:
        """Propose a trial and record it; None if the budget is spent, or while the warm-up is not over.

        None, too, while the trials that run may be expected to use up the budget: then it depends on what they cost.
        Raises Exhausted.
        """
        history = accounting.history(self._log, self._sweep, self._pipeline.groups)
        begun = len(history.trials) + len(history.pending)
        if history.spent >= history.budget:
            return None
        is_warm_up = begun < len(self._warm_up)
        if not is_warm_up and any(trial.warm_up for trial in history.pending):
            return None
        if not is_warm_up and accounting.promised(history) >= history.budget:
            return None
        number, start = begun + 1, self._cpu_seconds()
        proposal = Proposal(self._warm_up[begun]) if is_warm_up else self._proposed(history, number)
        foresight = self._pipeline.foresee(proposal.values)
        seconds = self._cpu_seconds() - start if self._sweep.file.clock == "ledger" else 0.0
        self._log.propose(number, proposal, is_warm_up, foresight, seconds * self._sweep.cpu_second)
        self._told()
        return self._log.trials()[-1]

    def _cpu_seconds(self) -> float:
        """CPU time so far: of this process, and of the look-ups that another one makes for it."""
        return time.process_time() + self._pipeline.look_up_seconds()

    def _proposed(self, history: History, number: int) -> Proposal:
        """The method's candidate; in the place of one that was tried, which would tell nothing new, a random one."""
        proposal = self._method.propose(history, self._pipeline, number)
        twin = history.tried.get(identity(proposal.values))
        if twin is None:
            return proposal
        for draws, other in enumerate(self._redraws(number), 1):
            if identity(other) not in history.tried:
                return Proposal(other, {**proposal.details, "duplicate_of": twin, "redraws": draws})
        raise Exhausted(f"{_MOST_DRAWS} random candidates have all been tried")

    def _redraws(self, number: int) -> Iterator[dict[str, Any]]:
        return (draw(self._space, self._sweep.file.seed, _REDRAW_STREAM, number, i) for i in range(_MOST_DRAWS))

    def _told(self) -> None:
        self._on_event(self._log.events[-1])

    def _refuse_failures(self) -> None:
        """Raise SweepError if everything fails from the start: the sweep is wrong then, not its candidates."""
        first = len(self._warm_up) or _FIRST_FAILURES
        trials = self._log.trials()[:first]
        if len(trials) < first or any(trial.outcome is None or trial.outcome.status == "ok" for trial in trials):
            return
        error = (trials[0].outcome.error if trials[0].outcome else None) or "no error was recorded"
        raise SweepError(
            f"the first {first} trials have all failed; trial 1: {error}\n"
            f"Mend the cause, then begin anew: modelworks sweep clean {self._sweep.name} --yes"
        )
