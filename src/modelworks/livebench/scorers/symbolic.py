"""Comparing expressions of untrusted answers under limits of time and memory, whatever starts processes here.

Each comparison runs in one of a few processes, `python -m` of a module, that are kept for the next: a JSON line each
way. Nothing is pickled or forked: it works the same under spawn, fork and forkserver, and in threads.
"""

import atexit
import contextlib
import functools
import json
import os
import queue
import select
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

import modelworks
from modelworks.build.errors import ModelworksError
from modelworks.livebench.scorers import symbolic_worker

SECONDS = 5.0  # of CPU, for one comparison
WALL = 12  # times as many seconds of wall-clock time, for a machine that does other things
_START = 120.0
_LONGEST = 5000


class OutOfLimits(Exception):
    """A comparison took more than its time or memory."""


class SymbolicError(ModelworksError):
    """The process in which expressions are compared does not start."""


class _Process:
    """A process that compares, from its start until it is killed."""

    def __init__(self) -> None:
        package = str(Path(modelworks.__file__).parents[1])
        path = os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH"))))
        environment = {"PYTHONPATH": path, "PATH": os.environ.get("PATH", ""), "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-m", symbolic_worker.__name__]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, env=environment)
        self.usage = psutil.Process(self.process.pid)
        self.owner = os.getpid()
        self.unread = b""
        try:
            self._line(_START)
        except OutOfLimits as error:
            self.end()
            shown = f"run python -m {symbolic_worker.__name__} to see why"
            raise SymbolicError(f"expressions cannot be compared: {error} at its start: {shown}") from None

    def ask(self, question: list[Any], seconds: float) -> Any:
        """The reply. Raises OutOfLimits after so many seconds of CPU, or if the process dies."""
        assert self.process.stdin
        try:
            self.process.stdin.write(json.dumps(question).encode() + b"\n")
            self.process.stdin.flush()
            return json.loads(self._line(seconds))
        except (BrokenPipeError, psutil.Error):
            raise OutOfLimits("the process has died") from None

    def _line(self, seconds: float) -> bytes:
        assert self.process.stdout
        begin, used = time.monotonic(), self._used()
        while b"\n" not in self.unread:
            if select.select([self.process.stdout], [], [], 0.1)[0]:
                read = os.read(self.process.stdout.fileno(), 1 << 16)
                if not read:
                    raise OutOfLimits("the process has died")
                self.unread += read
            elif self._used() - used > seconds or time.monotonic() - begin > WALL * seconds:
                raise OutOfLimits(f"more than {seconds} s")
        line, _, self.unread = self.unread.partition(b"\n")
        return line

    def _used(self) -> float:
        times = self.usage.cpu_times()
        return float(times.user + times.system)

    def end(self) -> None:
        """Kill it."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                with contextlib.suppress(OSError):  # what was written and not read is lost
                    pipe.close()


# The last one used is the next: it remembers the formulas that it has just read, and a row asks of them twice.
_idle: queue.LifoQueue[_Process] = queue.LifoQueue()


def _ask(question: list[Any], seconds: float) -> Any:
    """From an idle process, or a new one; one that has broken a limit is not used again."""
    process = _take()
    if process is None:
        _end_at_exit()
        process = _Process()
    try:
        reply = process.ask(question, seconds)
    except BaseException:
        process.end()
        raise
    _idle.put(process)
    return reply


def _take() -> _Process | None:
    """An idle process of this process: those that a fork has inherited are its parent's."""
    while True:
        try:
            process = _idle.get_nowait()
        except queue.Empty:
            return None
        if process.owner == os.getpid():
            return process


def end() -> None:
    """End the idle processes; the next comparison starts one."""
    while process := _take():
        process.end()


@functools.cache
def _end_at_exit() -> None:
    atexit.register(end)


def _remembered(compare: Callable[..., Any]) -> Callable[..., Any]:
    """Replies by arguments; what broke a limit is remembered too."""

    @functools.lru_cache(maxsize=1 << 16)
    def outcome(*arguments: Any) -> Any:
        if any(len(text) > _LONGEST for text in arguments[:2]):
            return OutOfLimits
        try:
            return compare(*arguments)
        except OutOfLimits:
            return OutOfLimits

    @functools.wraps(compare)
    def remembered(*arguments: Any) -> Any:
        found = outcome(*arguments)
        if found is OutOfLimits:
            raise OutOfLimits
        return found

    return remembered


@_remembered
def compatible(truth: str, answer: str, tolerance: float, plain: bool, seconds: float = SECONDS) -> bool:
    """`latex.compatible` under limits. Raises OutOfLimits, at once for more than 5,000 characters."""
    return bool(_ask(["compatible", truth, answer, tolerance, plain], seconds))


@_remembered
def equal(truth: str, answer: str, up_to_constant: bool, seconds: float = SECONDS) -> bool | None:
    """`latex.equal` under limits. Raises OutOfLimits, at once for more than 5,000 characters."""
    reply = _ask(["equal", truth, answer, up_to_constant], seconds)
    return None if reply is None else bool(reply)
