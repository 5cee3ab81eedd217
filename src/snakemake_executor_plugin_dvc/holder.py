"""Who holds something: a process of a host, told from another one that got its id later."""

import os
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self


@dataclass(frozen=True)
class Holder:
    """A process: its id, its host, when it took what it holds (for people), and which process it is.

    `birth` is the id of the host's boot and the process's start in clock ticks since: no clock that anybody can set.
    """

    pid: int
    host: str
    since: str
    birth: str

    @classmethod
    def me(cls) -> Self:
        """This process, now."""
        return cls(os.getpid(), socket.gethostname(), time.strftime("%Y-%m-%d %H:%M:%S %z"), _birth(os.getpid()) or "")

    @classmethod
    def read(cls, record: Any) -> Self | None:
        """The holder that a record (a dictionary from JSON) names, None if it names none."""
        try:
            return cls(int(record["pid"]), *(str(record[name]) for name in ("host", "since", "birth")))
        except (KeyError, TypeError, ValueError, OverflowError):
            return None

    def __str__(self) -> str:
        return f"pid {self.pid} on host {self.host}, since {self.since}"

    @property
    def here(self) -> bool:
        """Whether it is a process of this host."""
        return self.host == socket.gethostname()

    def lives(self) -> bool | None:
        """Whether the process, of this host, is alive; None where other users' processes are hidden."""
        birth = _birth(self.pid)
        return None if birth is None and _is_hidden(self.pid) else birth == self.birth


def start_ticks(pid: int) -> int | None:
    """When a process of this host began, in clock ticks since boot; None for one that is not there or has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[19])


def _is_hidden(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except PermissionError:
        return not Path(f"/proc/{pid}").exists()
    except (OSError, OverflowError):
        return False
    return False


def _birth(pid: int) -> str | None:
    ticks = start_ticks(pid)
    return None if ticks is None else f"{Path('/proc/sys/kernel/random/boot_id').read_text().strip()}:{ticks}"
