"""`python -m modelworks.eeipu.dependent PID MODULE`: run a module's `main` in a process that dies with its parent, PID.

That is settled before the module is imported, which takes a second: a process whose parent died earlier does nothing.
"""

import importlib
import os
import sys
from collections.abc import Sequence

from modelworks.build.keeper import die_with_parent


def command(module: str) -> list[str]:
    """The command line that makes a module's `main` a child of this process that dies with it."""
    return [sys.executable, "-m", "modelworks.eeipu.dependent", str(os.getpid()), module]


def main(arguments: Sequence[str]) -> None:
    """Die with the parent, and run the module until then."""
    parent, module = arguments
    die_with_parent(int(parent))
    importlib.import_module(module).main()


if __name__ == "__main__":
    main(sys.argv[1:])
