"""Checks of what a build relies on: the machine, the environment, the repository, the cache, the remote.

Each check is a function of the folder that was asked about; it changes nothing that stays. They run side by side, and
one that does not answer in time is told so, not waited for.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from modelworks.build import doctor_machine as machine
from modelworks.build import doctor_repository as workspace
from modelworks.build.finding import LIMIT_S, Finding

Check = Callable[[Path], Iterable[Finding]]
CHECKS: dict[str, Check] = {
    "Python": machine.python,
    "packages": machine.packages,
    "Landlock": machine.landlock,
    "Slurm": machine.slurm,
    "GPU": machine.gpu,
    "repository": workspace.repository,
    "disk": workspace.disk,
    "cache": workspace.cache_directory,
    "damage": workspace.damaged_objects,
    "remote": workspace.remote,
}


def examine(folder: Path) -> Iterator[Finding]:
    """The findings of every check, in their order. Never raises."""
    answers: dict[str, list[Finding]] = {}
    threads = {
        name: threading.Thread(target=_answer, args=(name, check, folder.absolute(), answers), daemon=True)
        for name, check in CHECKS.items()
    }
    for thread in threads.values():
        thread.start()
    deadline = time.monotonic() + LIMIT_S
    for name, thread in threads.items():
        thread.join(max(0.0, deadline - time.monotonic()))
        late = Finding("warn", f"{name}: no answer within {LIMIT_S:.0f} s", "Try what it checks by hand")
        yield from answers.get(name, [late])


def _answer(name: str, check: Check, folder: Path, answers: dict[str, list[Finding]]) -> None:
    try:
        answers[name] = list(check(folder))
    except Exception as error:  # whatever is wrong with a machine, the other checks are told
        answers[name] = [Finding("fail", f"{name}: {type(error).__name__}: {error}", "Try what it checks by hand")]
