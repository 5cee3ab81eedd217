"""Keeps a stage's processes: starts the stage, and ends all that it started when the runner or the build ends.

The keeper is a process of its own, forked from the runner, in a session of its own, so that neither Ctrl-C nor
`kill -9` of the runner takes it away before its work is done. It is the reaper of whatever the stage starts, also of
what runs in other sessions, and kills it when the stage is over, for good or ill.
"""

import ctypes
import os
import select
import signal
from collections.abc import Callable, Iterator

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


class Kept:
    """The runner's ends: output of the stage to read, order to write, control to close when all must stop."""

    def __init__(self, pid: int, output: int, order: int, control: int) -> None:
        self.pid, self.output, self.order, self.control = pid, output, order, control
        self._status: int | None = None

    def stop(self) -> None:
        """Have everything killed. May be called from a signal handler, and twice."""
        if self.control >= 0:
            control, self.control = self.control, -1
            os.close(control)

    def chunks(self) -> Iterator[bytes]:
        """What the stage and its children print, as it comes, until all of them have ended."""
        waiting = select.poll()
        ended = os.pidfd_open(self.pid)
        waiting.register(self.output, select.POLLIN)
        waiting.register(ended, select.POLLIN)
        while True:
            ready = {handle for handle, _ in waiting.poll()}
            if self.output not in ready:
                # The keeper itself was killed: what the stage started has come to this process.
                waiting.unregister(ended)
                self.wait()
            elif chunk := os.read(self.output, 1 << 16):
                yield chunk
            else:
                break
        os.close(ended)

    def wait(self) -> int:
        """The exit status of the stage, 128 + n if a signal ended it, when all its processes have ended."""
        if self._status is None:
            self._status = _exit_status(os.waitpid(self.pid, 0)[1])
            kill_descendants()
        return self._status


def die_with_parent(parent: int, how: signal.Signals = signal.SIGKILL) -> None:
    """Have the kernel send this process a signal when `parent`, which started it, ends; end at once if it has."""
    _prctl(_PR_SET_PDEATHSIG, how)
    if os.getppid() != parent:
        os._exit(1)


def start(
    command: Callable[[int], list[str]],
    environ: dict[str, str],
    report: int,
    build: int | None,
    when_orphaned: Callable[[], None],
) -> Kept:
    """Start `command(handle)` under a keeper, where the handle is what the stage reads its order from.

    It inherits the `report` handle too. Both its output streams are one pipe, so that they stay in order. `build` is a
    pidfd whose process the stage must not survive. `when_orphaned` is called in the keeper, after the stage has ended,
    if the runner has gone.
    """
    output, stage_output = os.pipe()
    stage_order, order = os.pipe()
    keeper_control, control = os.pipe()
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    pid = os.fork()
    if pid:
        for handle in (stage_output, stage_order, keeper_control):
            os.close(handle)
        return Kept(pid, output, order, control)
    status = 70
    try:
        os.setsid()
        _prctl(_PR_SET_CHILD_SUBREAPER, 1)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        for handle in (output, order, control):
            os.close(handle)
        for handle in (stage_order, report):
            os.set_inheritable(handle, True)
        arguments = command(stage_order)
        stage = os.posix_spawn(
            arguments[0],
            arguments,
            environ,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, stage_output, 1),
                (os.POSIX_SPAWN_DUP2, stage_output, 2),
            ],
            setpgroup=0,
            setsigdef=[signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE],
        )
        # The runner sees the end of the output only when nobody holds it any more.
        for handle in (stage_order, stage_output):
            os.close(handle)
        os.dup2(os.open(os.devnull, os.O_RDWR), 1)
        os.dup2(1, 2)
        status = _keep(stage, keeper_control, build, when_orphaned)
    finally:
        os._exit(status)


def _keep(stage: int, control: int, build: int | None, when_orphaned: Callable[[], None]) -> int:
    watched = select.poll()
    ended = os.pidfd_open(stage)
    for handle in (ended, control, *([build] if build is not None else [])):
        watched.register(handle, select.POLLIN)
    seen = {handle for handle, _ in watched.poll()}
    if ended not in seen:
        os.kill(stage, signal.SIGKILL)
    _, status = os.waitpid(stage, 0)
    kill_descendants()
    if select.select([control], [], [], 0)[0]:
        when_orphaned()
    return _exit_status(status)


def kill_descendants() -> None:
    """Kill and reap every child of this process, and theirs as they become its own, until none is left."""
    while True:
        for child in _children():
            os.kill(child, signal.SIGKILL)
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _children() -> list[int]:
    try:
        with open("/proc/thread-self/children", encoding="ascii") as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if _parent(pid) == os.getpid()]


def _parent(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return int(file.read().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def _exit_status(status: int) -> int:
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def _prctl(option: int, value: int) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0):
        raise OSError(ctypes.get_errno(), f"prctl({option})")
