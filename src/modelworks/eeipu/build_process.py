"""The process that a sweep's builds are forked from: it has loaded Snakemake, which takes longer than a small build.

Orders come as lines of JSON on its standard input, `{"start": NUMBER, "arguments": [...], "log": PATH}` and
`{"stop": NUMBER}`; for each build that ends it answers `{"ended": NUMBER, "status": STATUS}`, -n for signal n. When the
input ends, since the driver has, whatever ended it, all builds are stopped, and then it ends. A build is in a process
group of its own, and interrupted by the kernel if this process dies before it.
"""

import atexit
import contextlib
import gc
import importlib
import json
import os
import select
import signal
import sys
import threading
import time
import traceback
from dataclasses import dataclass
from typing import Any, NoReturn

from modelworks.build.keeper import die_with_parent

_PATIENCE_S = 20.0  # for an interrupted build to end its jobs
# What Snakemake and the rules load late, in every build.
_LATE = (
    *("dvc.config", "pandas", "ruamel.yaml", "yaml", "yte", "zc.lockfile", "snakemake.assets"),
    *("modelworks.schema", "modelworks.build.declared", "modelworks.build.lock", "modelworks.build.fingerprint"),
)


@dataclass
class _Build:
    number: int
    pid: int
    ended: int  # a pidfd
    kill_at: float | None = None


class _Parent:
    """The loop of the process, and the builds that run."""

    def __init__(self) -> None:
        self._builds: dict[int, _Build] = {}
        self._polled = select.poll()
        self._text = b""
        self._open = True
        self._polled.register(0, select.POLLIN)

    def serve(self) -> dict[str, Any] | None:
        """Answer until the input and all builds have ended; in the process of a build, the order for it."""
        while self._open or self._builds:
            ready = {handle for handle, _ in self._polled.poll(500 if self._is_stopping() else None)}
            for build in [one for one in self._builds.values() if one.ended in ready]:
                self._end(build)
            self._kill_the_late()
            for order in self._orders() if 0 in ready else ():
                if "stop" in order:
                    self._stop(order["stop"])
                elif self._start(order):
                    return order
        return None

    def _orders(self) -> list[dict[str, Any]]:
        chunk = os.read(0, 1 << 16)
        if not chunk:
            self._open = False
            self._polled.unregister(0)
            for number in self._builds:
                self._stop(number)
        *lines, self._text = (self._text + chunk).split(b"\n")
        return [json.loads(line) for line in lines]

    def _start(self, order: dict[str, Any]) -> bool:
        """Fork a build; whether this is its process."""
        parent, pid = os.getpid(), os.fork()
        if pid == 0:
            _become_build(order, parent)
            return True
        build = _Build(order["start"], pid, os.pidfd_open(pid))
        self._builds[build.number] = build
        self._polled.register(build.ended, select.POLLIN)
        return False

    def _stop(self, number: int) -> None:
        build = self._builds.get(number)
        if build is not None and build.kill_at is None:
            os.kill(build.pid, signal.SIGINT)
            build.kill_at = time.monotonic() + _PATIENCE_S

    def _is_stopping(self) -> bool:
        return any(build.kill_at is not None for build in self._builds.values())

    def _kill_the_late(self) -> None:
        for build in self._builds.values():
            if build.kill_at is not None and time.monotonic() > build.kill_at:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(build.pid, signal.SIGKILL)

    def _end(self, build: _Build) -> None:
        _, status = os.waitpid(build.pid, 0)
        if build.kill_at is not None or os.WIFSIGNALED(status):  # whatever its jobs have left
            with contextlib.suppress(ProcessLookupError):
                os.killpg(build.pid, signal.SIGKILL)
        self._polled.unregister(build.ended)
        os.close(build.ended)
        del self._builds[build.number]
        with contextlib.suppress(BrokenPipeError):
            answer = {"ended": build.number, "status": os.waitstatus_to_exitcode(status)}
            os.write(1, json.dumps(answer).encode() + b"\n")


def _become_build(order: dict[str, Any], parent: int) -> None:
    """Make a forked process the one of a build."""
    os.setpgid(0, 0)
    signal.signal(signal.SIGINT, _interrupt_once)
    die_with_parent(parent, signal.SIGINT)
    output = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for source, target in ((os.open(os.devnull, os.O_RDONLY), 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    sys.argv = ["snakemake", *order["arguments"]]


def _interrupt_once(number: int, frame: object) -> None:
    """Interrupt the build, but not the ending of its jobs: the kernel may tell it of each of the parent's threads."""
    signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def run_snakemake() -> NoReturn:
    """Run the command line in `sys.argv`, and leave as Python does, but without taking every module apart first."""
    code = 1
    try:
        importlib.import_module("snakemake.cli").main()
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
    except BaseException:  # what Python itself would do
        traceback.print_exc()
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def main() -> None:
    """Load Snakemake, then serve."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal: the driver says what is to be stopped
    for name in _LATE:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    importlib.import_module("snakemake.cli").get_argument_parser()  # loads the plugins
    if threading.active_count() > 1:
        raise RuntimeError("a fork would lose the threads that loading Snakemake has started")
    gc.freeze()
    if _Parent().serve() is not None:
        run_snakemake()


if __name__ == "__main__":
    main()
