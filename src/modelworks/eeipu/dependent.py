"""`python -m modelworks.eeipu.dependent PID MODULE`: run a module's `main` in a process that dies with its parent, PID.

That is settled before the module is imported, which takes a second: a process whose parent died earlier does nothing.
"""

import ctypes
import importlib
import os
import signal
import sys
from collections.abc import Sequence

_PR_SET_PDEATHSIG = 1


def command(module: str) -> list[str]:
    """The command line that makes a module's `main` a child of this process that dies with it."""
    return [sys.executable, "-m", "modelworks.eeipu.dependent", str(os.getpid()), module]


def die_with(parent: int, how: signal.Signals = signal.SIGKILL) -> None:
    """Have the kernel send a signal to this process when its parent dies; end it at once if that has happened."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, how, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def main(arguments: Sequence[str]) -> None:
    """Die with the parent, and run the module until then."""
    parent, module = arguments
    die_with(int(parent))
    importlib.import_module(module).main()


if __name__ == "__main__":
    main(sys.argv[1:])
