"""Run code that a model wrote, contained: bubblewrap, a seccomp filter and resource limits (see sandbox_child).

The code sees the interpreter's own files and the C library read-only, and a small scratch directory that ends with it;
no other file, no /proc, no network, no environment; it is alone in its namespaces of users and processes, owns nothing
on the machine, and can start threads but no process. Who judges it stays outside: it is given arguments, gives values.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from modelworks.build.errors import ModelworksError
from modelworks.livebench import bubblewrap, syscalls
from modelworks.livebench.pipes import Allowed, Closed, Pipes, TooLong, TooSlow

UNSAFE = "MODELWORKS_UNSAFE_CODE"
_CHILD = Path(__file__).with_name("sandbox_child.py")
_START = Allowed(cpu=20.0, wall=100.0)
_CPU_SPENT = (128 + signal.SIGXCPU, -signal.SIGXCPU)  # exit codes, of bubblewrap and of a process without it
_LONGEST_REASON = 300


class SandboxError(ModelworksError):
    """Code cannot be run contained here: nothing is said about the code."""


class Failed(Exception):
    """The code did not give a value: `how` it failed, and a word of why (an exception's name, or what limit)."""

    def __init__(self, how: Literal["failed", "timeout"], reason: str) -> None:
        super().__init__(f"{how}: {reason}")
        self.how = how
        self.reason = reason


@dataclass(frozen=True)
class Limits:
    """What one process that runs a piece of code may use: seconds, bytes, threads.

    `call_seconds` of CPU for loading, for one call, or for a program on one input (each input has a process of its
    own); `cpu_seconds` of CPU in all. CPU decides, so that the verdict is the same on a busy machine. What sleeps is
    ended by the wall-clock: `wall_seconds` for loading, one call or one program; in all as many times `cpu_seconds`
    as `wall_seconds` is of `call_seconds`.
    """

    wall_seconds: float = 30.0
    call_seconds: float = 6.0
    cpu_seconds: int = 30
    memory_bytes: int = 2 << 30
    file_bytes: int = 16 << 20
    scratch_bytes: int = 64 << 20
    output_bytes: int = 1 << 20
    threads: int = 64

    @property
    def call(self) -> Allowed:
        """What loading, one call or one program may take."""
        return Allowed(self.call_seconds, max(self.wall_seconds, self.call_seconds))

    @property
    def wall_seconds_in_all(self) -> float:
        """The wall-clock for all calls of one process."""
        return max(self.cpu_seconds * self.call.wall / self.call_seconds, self.call.wall)


_LIMITS = ContextVar("limits", default=Limits())  # noqa: B039 (it cannot change)


@contextlib.contextmanager
def limited(limits: Limits) -> Iterator[None]:
    """Have all code within the `with` run under these limits, where no others are given."""
    token = _LIMITS.set(limits)
    try:
        yield
    finally:
        _LIMITS.reset(token)


class Session:
    """Code that is loaded and can be called."""

    def __init__(self, pipes: Pipes, limits: Limits) -> None:
        self._pipes = pipes
        self._limits = limits

    def call(self, arguments: Sequence[Any]) -> Any:
        """The value, as JSON has it (tuples are lists), for these JSON arguments. Raises Failed."""
        return self._ask(json.dumps(list(arguments))).get("value")

    def _ask(self, line: str) -> dict[str, Any]:
        with _limits_named(self._pipes):
            self._pipes.send(line.encode() + b"\n", self._limits.call)
            text = self._pipes.line(self._limits.call)
        try:
            answer = json.loads(text)
        except (ValueError, RecursionError):
            raise Failed("failed", "not JSON") from None
        if not isinstance(answer, dict) or "error" in answer:
            raise Failed("failed", str(answer["error"])[:_LONGEST_REASON] if isinstance(answer, dict) else "not JSON")
        return answer


@contextlib.contextmanager
def loaded(code: str, function: str, limits: Limits | None = None) -> Iterator[Session]:
    """The code with a function of that name, or a class Solution with such a method. Raises Failed, SandboxError."""
    limits = limits or _LIMITS.get()
    with _started(limits) as pipes:
        session = Session(pipes, limits)
        session._ask(json.dumps({"code": code, "function": function}))
        yield session


def run_program(code: str, stdin: str, limits: Limits | None = None) -> str:
    """What the program prints, reading `stdin`. Raises Failed, also for an exit code that is not 0; SandboxError."""
    limits = limits or _LIMITS.get()
    with _started(limits) as pipes, _limits_named(pipes):
        pipes.send(json.dumps({"code": code, "stdin": stdin}).encode() + b"\n", limits.call)
        printed = pipes.rest(limits.call)
        if (code_of_exit := pipes.exit_code()) != 0:
            if code_of_exit in _CPU_SPENT:
                raise TooSlow("CPU")
            raise Failed("failed", f"exit code {code_of_exit}")
        return printed.decode(errors="replace")


def is_contained() -> bool:
    """Whether this machine has what containing takes."""
    return shutil.which("bwrap") is not None and syscalls.is_known()


@contextlib.contextmanager
def _limits_named(pipes: Pipes) -> Iterator[None]:
    try:
        yield
    except TooSlow as slow:
        raise Failed("timeout", str(slow)) from None
    except TooLong:
        raise Failed("failed", "too much output") from None
    except Closed:
        if pipes.exit_code() in _CPU_SPENT:
            raise Failed("timeout", "CPU") from None
        raise Failed("failed", "the process ended") from None


@contextlib.contextmanager
def _started(limits: Limits) -> Iterator[Pipes]:
    """A child that is ready for its job; it and all it started are gone at the end."""
    with contextlib.ExitStack() as stack:
        if is_contained():
            process = _contained(limits, stack)
        elif os.environ.get(UNSAFE) == "1":
            process = _uncontained(limits, stack)
        else:
            raise SandboxError(
                "model-written code is not run: bwrap is not installed, or has no filter for this machine; install "
                "bubblewrap (x86_64 or aarch64), or give --unsafe-code to run it with this user's rights"
            )
        pipes = stack.enter_context(Pipes(process, limits.wall_seconds_in_all + _START.wall, limits.output_bytes))
        try:
            ready = pipes.line(_START) == b"ready"
        except (Closed, TooSlow, TooLong):
            ready = False
        if not ready:
            raise SandboxError(f"the sandbox did not start: {pipes.complaint() or 'it said nothing'}")
        yield pipes


def _contained(limits: Limits, stack: contextlib.ExitStack) -> "subprocess.Popen[bytes]":
    """Bubblewrap around the child.

    For root a user namespace of root's own would give the code root's user id, for which the kernel counts no threads:
    the child then becomes a user that nothing belongs to.
    """
    root = os.geteuid() == 0
    filter_end = bubblewrap.pipe_with(syscalls.program(), stack)
    inherited, mapping = [filter_end], None
    command = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    if root:
        mapping = bubblewrap.Mapping(stack)
        inherited += mapping.inherited
        command += mapping.options
    command += [
        "--seccomp",
        str(filter_end),
        *bubblewrap.files(limits.scratch_bytes),
        "--clearenv",
        "--setenv",
        "PYTHONHASHSEED",
        "0",
    ]
    command += _interpreter(limits, drop=root)
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pass_fds=inherited,
        env={"PATH": os.environ.get("PATH", os.defpath)},
    )
    if mapping:
        mapping.write(process)
    return process


def _uncontained(limits: Limits, stack: contextlib.ExitStack) -> "subprocess.Popen[bytes]":
    scratch = stack.enter_context(tempfile.TemporaryDirectory())
    return subprocess.Popen(
        _interpreter(limits, drop=False),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={"PYTHONHASHSEED": "0"},
        cwd=scratch,
        start_new_session=True,
    )


def _interpreter(limits: Limits, drop: bool) -> list[str]:
    taken = {
        "drop": drop,
        "RLIMIT_CPU": limits.cpu_seconds,
        "RLIMIT_AS": limits.memory_bytes,
        "RLIMIT_FSIZE": limits.file_bytes,
        "RLIMIT_NPROC": limits.threads,
        "RLIMIT_CORE": 0,
    }
    executable = str(Path(sys._base_executable).resolve())  # type: ignore[attr-defined]
    return [executable, "-s", "-S", "-P", "-B", "-c", _CHILD.read_text(), json.dumps(taken)]
