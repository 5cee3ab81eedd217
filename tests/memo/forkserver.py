"""Runs snakemake command lines in forks of one process that has imported it: a fifth of the time of a fresh process.

Each build is a session (process group) of its own, as if a shell had started it. `hook` names a file of Python that the
build executes first: tests use it to break into the plugin from outside.
"""

import atexit
import functools
import gc
import importlib
import json
import os
import re
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from modelworks.eeipu.build_process import run_snakemake

BIN = Path(sys.executable).parent
SUMMARY = re.compile(r"^restored (\d+), ran (\d+), not memoized (\d+), saved (\d+) s, elapsed [\d.]+ s$", re.MULTILINE)


@dataclass
class Build:
    """What one command line did."""

    code: int
    output: str
    ran: list[str] = field(default_factory=list)

    @property
    def counts(self) -> tuple[int, int, int]:
        """Restored, ran, not memoized, from the one summary line."""
        found = SUMMARY.findall(self.output)
        assert len(found) == 1, self.output
        restored, ran, not_memoized, _ = found[0]
        return int(restored), int(ran), int(not_memoized)


@dataclass
class Started:
    """A build that runs: `wait` for its exit code and output. A killed build has a negative code, as in subprocess."""

    pid: int
    reader: IO[str]
    path: Path

    def wait(self, timeout: float = 120.0) -> tuple[int, str]:
        self.reader.buffer.raw._sock.settimeout(timeout)  # type: ignore[attr-defined]
        try:
            line = self.reader.readline()
        except TimeoutError:
            os.killpg(self.pid, signal.SIGKILL)
            raise AssertionError(f"not finished after {timeout} s:\n{self.path.read_text()}") from None
        self.reader.close()
        return int(line), self.path.read_text(errors="replace")


class ForkServer:
    """The process that forks; it ends with the `with` block. `path` is put before its module search path."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory(prefix="fork-")
        self._socket = Path(self._folder.name) / "socket"
        self._count = 0
        repository = Path(__file__).parents[2]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.memo.forkserver", str(self._socket)],
            cwd=repository,
            env=os.environ | ({"PYTHONPATH": str(self._path)} if self._path else {}),
        )
        deadline = time.monotonic() + 60
        while not self._socket.exists():
            assert self._process.poll() is None and time.monotonic() < deadline, "the fork server did not start"
            time.sleep(0.02)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        self._folder.cleanup()

    def start(
        self, arguments: list[str], folder: Path, environment: dict[str, str], hook: Path | None = None
    ) -> Started:
        """Start `snakemake *arguments` in `folder`."""
        self._count += 1
        path = Path(self._folder.name) / f"{self._count}.out"
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(str(self._socket))
        request = {
            "argv": arguments,
            "cwd": str(folder),
            "env": environment,
            "out": str(path),
            "hook": hook and str(hook),
        }
        connection.sendall(json.dumps(request).encode() + b"\n")
        reader = connection.makefile("r")
        connection.close()
        return Started(int(reader.readline()), reader, path)


@functools.cache
def shared() -> ForkServer:
    """The fork server of this test process; it ends with it."""
    server = ForkServer().__enter__()
    atexit.register(server.__exit__, None, None, None)
    return server


_IMPATIENT = """
from snakemake.scheduling.job_scheduler import JobScheduler
JobScheduler._schedule_reevalutation = lambda self, delay: None  # else every plain build ends with a second of waiting
"""


class Workspace:
    """A Snakemake working directory with a DVC repository, whose commands run in forks."""

    def __init__(
        self, forks: ForkServer, folder: Path, cache: Path | None = None, link_types: str | None = None
    ) -> None:
        self.forks = forks
        self.folder = folder
        self.log = folder.parent / f"{folder.name}-ran.log"
        self.cache = cache or folder / ".dvc" / "cache"
        initialise(folder, cache, link_types)

    def write(self, files: dict[str, str]) -> None:
        """Write files by name, without their common indentation."""
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text).lstrip("\n"))

    def read(self, name: str) -> str:
        return (self.folder / name).read_text()

    def environment(self, **extra: str) -> dict[str, str]:
        """The environment of commands: the virtual environment first on PATH, the log of executed jobs."""
        environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "RAN": str(self.log), **extra}
        environment.pop("MODELWORKS_BUILD_PID", None)
        return environment

    def flags(self, executor: str) -> list[str]:
        """Two cores, greedy scheduler."""
        return ["--executor", executor, "--cores", "2", "--scheduler", "greedy", "--rerun-incomplete", "--nocolor"]

    def start(self, *arguments: str, executor: str = "dvc", hook: Path | None = None, **extra: str) -> Started:
        """Start one command line in a fork."""
        self.log.unlink(missing_ok=True)
        if executor == "local" and hook is None:
            hook = self.folder.parent / "impatient.py"
            hook.write_text(_IMPATIENT)
        return self.forks.start([*arguments, *self.flags(executor)], self.folder, self.environment(**extra), hook)

    def executed(self) -> list[str]:
        """What the jobs of the last command line wrote to $RAN."""
        return sorted(self.log.read_text().split()) if self.log.exists() else []

    def finish(self, started: Started) -> Build:
        """Wait for a command line; `ran` lists what its jobs wrote to $RAN."""
        code, output = started.wait()
        return Build(code, output, self.executed())

    def build(self, *arguments: str, executor: str = "dvc", hook: Path | None = None, **extra: str) -> Build:
        return self.finish(self.start(*arguments, executor=executor, hook=hook, **extra))


def initialise(folder: Path, cache: Path | None = None, link_types: str | None = None) -> None:
    """What `dvc init --no-scm` makes, without the second that it takes (a test compares them)."""
    (folder / ".dvc" / "tmp").mkdir(parents=True)
    (folder / ".dvc" / "tmp" / "btime").touch()
    settings = "".join(
        f"    {name} = {value}\n" for name, value in (("dir", cache), ("type", link_types)) if value is not None
    )
    (folder / ".dvc" / "config").write_text(
        "[core]\n    no_scm = True\n" + (f"[cache]\n{settings}" if settings else "")
    )
    (folder / ".dvcignore").write_text(
        "# Add patterns of files dvc should ignore, which could improve\n"
        "# the performance. Learn more at\n# https://dvc.org/doc/user-guide/dvcignore\n"
    )


def serve(path: str) -> list[str]:
    """Answer requests for ever; returns only in a build's process, with its command line."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f"{path}.new")
    listener.listen(64)
    Path(f"{path}.new").rename(path)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        connection, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            return _attend(connection)
        connection.close()


def _attend(connection: socket.socket) -> list[str]:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with connection.makefile("r") as reader:
        request = json.loads(reader.readline())
    pid = os.fork()
    if pid:
        connection.sendall(f"{pid}\n".encode())
        _, status = os.waitpid(pid, 0)
        connection.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
        os._exit(0)
    connection.close()
    os.setsid()
    output = os.open(request["out"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    null = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((null, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    sys.argv = ["snakemake", *request["argv"]]
    if request["hook"]:
        runpy.run_path(request["hook"])
    return sys.argv


def _import_all() -> None:
    """Load what a build loads, some of it late."""
    for name in ("dvc.config", "ruamel.yaml", "smart_open", "yaml", "yte", "zc.lockfile", "snakemake.assets"):
        importlib.import_module(name)
    importlib.import_module("snakemake.cli").get_argument_parser()  # loads every installed plugin


if __name__ == "__main__":
    _import_all()
    assert threading.active_count() == 1, "a fork would lose threads"
    gc.freeze()
    serve(sys.argv[1])
    run_snakemake()
