"""Executed by a build before Snakemake starts (see forkserver): kills its process group at one file operation.

KILL is JSON:
- `inside`: the innermost of the methods below that the main thread is in, or `anywhere`;
- `event`: a Python audit event of a writing file operation, or `enter` or `leave`;
- `path`: a part of the path that is written; `nth`: which one of them, from 1;
- `torn`: the opened file is left empty, or with half a line if it is appended to;
- `torn_journal`: the plugin's journal is left with half a line.

The kill comes before the operation happens. KILL_MARKER gets the proof: a JSON object that says where the build was.
All operations are listed in KILL_TRACE.
"""

import functools
import importlib
import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

_PLUGIN = "snakemake_executor_plugin_dvc"
_REGIONS = {
    "Memo.commit": f"{_PLUGIN}.memo",
    "Memo.restore": f"{_PLUGIN}.memo",
    "Memo.restored": f"{_PLUGIN}.memo",
    "DvcLock.write": f"{_PLUGIN}.lockfile",
    "Memo.look_up": f"{_PLUGIN}.memo",
    "BuildLock.acquire": f"{_PLUGIN}.buildlock",
    "BuildLock.clear_dead": f"{_PLUGIN}.buildlock",
    "Ledger.append": f"{_PLUGIN}.ledger",
    "Memoizing.handle_job_success": f"{_PLUGIN}.memoizing",
    "Memoizing.shutdown": f"{_PLUGIN}.memoizing",
    "Build._finish": f"{_PLUGIN}.build",
    "Workflow.include": "snakemake.workflow",
}
_WRITES = {"os.link", "os.symlink", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "os.utime", "open"}


class Killer:
    """Counts matching operations inside the region and kills at the n-th."""

    def __init__(self, point: dict[str, Any], marker: Path, trace: Path | None) -> None:
        self.point = point
        self.marker = marker
        self.trace = trace
        self.inside = ["anywhere"]
        self.seen = 0
        self.finished: list[str] = []
        self.busy = False

    def audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.busy or event not in _WRITES or threading.current_thread() is not threading.main_thread():
            return
        if event == "open" and not (isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)):
            return
        paths = [os.fsdecode(item) for item in arguments[:2] if isinstance(item, str | bytes | os.PathLike)]
        self.reach(event, " ".join(path for path in paths if "/" in path or "." in path))

    def reach(self, event: str, path: str) -> None:
        region = self.inside[-1]
        self.busy = True
        if self.trace is not None:
            with self.trace.open("a") as file:
                file.write(json.dumps([list(self.inside), event, path]) + "\n")
        wanted = self.point
        if wanted and region == wanted["inside"] and event == wanted["event"] and wanted.get("path", "") in path:
            self.seen += 1
            if self.seen == wanted.get("nth", 1):
                torn = None
                if wanted.get("torn") or wanted.get("torn_journal"):
                    torn = path.split(" ", maxsplit=1)[0] if wanted.get("torn") else ".dvc/tmp/memo/pending.jsonl"
                    _tear(torn)
                proof = {"inside": self.inside, "event": event, "path": path, "torn": torn, "committed": self.finished}
                self.marker.write_text(json.dumps(proof))
                os.killpg(0, signal.SIGKILL)
        self.busy = False

    def wrap(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def wrapped(*arguments: Any, **options: Any) -> Any:
            self.inside.append(name)
            try:
                self.reach("enter", "")
                result = function(*arguments, **options)
                self.reach("leave", "")
            finally:
                self.inside.pop()
            if name == "Memo.commit" and result is None:
                self.finished.append(arguments[1].spec.name)
            return result

        return wrapped


def _tear(path: str) -> None:
    """What a write that was cut short leaves: half a line in a file that is appended to, else an empty file."""
    appended = path.endswith((".jsonl", ".dvcignore"))
    with open(path, "ab" if appended else "wb") as file:
        file.write(b'["to' if path.endswith(".jsonl") else b"")


def install() -> None:
    point = json.loads(os.environ.get("KILL", "{}"))
    trace = os.environ.get("KILL_TRACE")
    killer = Killer(point, Path(os.environ["KILL_MARKER"]), Path(trace) if trace else None)
    for name, module in _REGIONS.items():
        owner, _, method = name.partition(".")
        kind = getattr(importlib.import_module(module), owner)
        setattr(kind, method, killer.wrap(name, getattr(kind, method)))
    sys.addaudithook(killer.audit)


install()
