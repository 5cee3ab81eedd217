"""Who holds something: a process of a host, told from another one that got its id later."""

import os
import socket
import time
from dataclasses import dataclass
from typing import Any, Self

import psutil

_TIME = "%Y-%m-%d %H:%M:%S"


@dataclass(frozen=True)
class Holder:
    """A process: its id, its host, when it took what it holds (local time of the host)."""

    pid: int
    host: str
    started: str

    @classmethod
    def me(cls) -> Self:
        """This process, now."""
        return cls(os.getpid(), socket.gethostname(), time.strftime(_TIME))

    @classmethod
    def read(cls, record: Any) -> Self | None:
        """The holder that a record (a dictionary from JSON) names, None if it names none."""
        try:
            return cls(int(record["pid"]), str(record["host"]), str(record["started"]))
        except (KeyError, TypeError, ValueError):
            return None

    def __str__(self) -> str:
        return f"pid {self.pid} on host {self.host}, since {self.started}"

    @property
    def here(self) -> bool:
        """Whether it is a process of this host."""
        return self.host == socket.gethostname()

    def lives(self) -> bool:
        """Whether the process, of this host, is alive."""
        try:
            started = time.mktime(time.strptime(self.started, _TIME))
            return psutil.Process(self.pid).create_time() < started + 2
        except (psutil.Error, ValueError):
            return False
