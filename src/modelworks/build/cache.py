"""What fingerprints remember between calls, valid as long as the stat of every file that it came from is the same.

In memory and on disk (`.snakemake/modelworks/fingerprint.json` of the working directory, replaced atomically; a
damaged or foreign one is ignored). A file that changed within the clock's granularity is never trusted.
"""

import contextlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from modelworks.build import environment

FILE = Path(".snakemake/modelworks/fingerprint.json")
FORMAT = 2
# Kernels stamp files by a clock of up to 10 ms: two edits within one tick leave the same stat.
GRANULARITY_NS = 50_000_000

Signature = list[int] | None
_caches: dict[tuple[str, ...], "StatCache"] = {}
# What a file holds is the same for every workspace.
_records: dict[str, dict[str, Any]] = {}


def signature(path: str | Path) -> Signature:
    """Modification and change times, size and inode; [] if there is no such file, None if it changed just now."""
    try:
        status = os.stat(path)  # half the time of Path.stat, and this runs for every file at every parse
    except OSError:
        return []
    if 0 <= time.time_ns() - status.st_ctime_ns < GRANULARITY_NS:
        return None
    return [status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino]


def replace_file(path: Path, text: str) -> None:
    """Write a file under a temporary name beside it, then move it into place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


def of_workspace() -> "StatCache":
    """The cache of the working directory, for this interpreter and this environment's search path."""
    names = ("PYTHONPATH", "HOME", "PATH")
    context = (sys.executable, sys.version, *(os.environ.get(name, "") for name in names))
    file = FILE.absolute()
    if (str(file), *context) not in _caches:
        _caches[str(file), *context] = StatCache(file, list(context))
    return _caches[str(file), *context]


class StatCache:
    """Records of single files, and whole answers with the signatures of all that they depend on (`watched`)."""

    def __init__(self, file: Path, context: list[str]) -> None:
        self.file = file
        self.answers: dict[str, Any] = {}
        self._context = context
        self._watched: dict[str, Signature] = {}
        self._path: dict[str, Any] = {}
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            stored = json.loads(file.read_text(encoding="utf-8"))
            if stored["format"] == FORMAT and stored["context"] == context:
                self._path = dict(stored["path"])
                self._watched, self.answers = dict(stored["watched"]), dict(stored["answers"])
                _records.update(stored["records"])

    def save(self) -> None:
        """Write to disk what is known now; a folder that cannot be written is no error."""
        records = {key: known for key, known in _records.items() if key.partition(":")[2] in self._watched}
        stored = {"format": FORMAT, "context": self._context, "records": records, "path": self._path}
        stored |= {"watched": self._watched, "answers": self.answers}
        with contextlib.suppress(OSError):
            replace_file(self.file, json.dumps(stored))

    def is_current(self) -> bool:
        """Whether everything that the answers depend on is as it was."""
        return all(seen is not None and signature(path) == seen for path, seen in self._watched.items())

    def forget(self) -> None:
        """Drop the answers, before they are found anew; the records of unchanged files stay."""
        self.answers, self._watched = {}, {}

    def watch(self, paths: Iterable[str | Path]) -> list[Signature]:
        """Note that the answers depend on these files, or on what these folders list."""
        names = [str(path) for path in paths]
        self._watched |= {name: signature(name) for name in names if name not in self._watched}
        return [self._watched[name] for name in names]

    def record(self, path: Path, kind: str, compute: Callable[[Path], Any], signed: list[Path] | None = None) -> Any:
        """What `compute(path)` gives, as JSON, remembered by the signatures of `signed` (the path itself)."""
        seen = self.watch(signed or [path])
        known = _records.get(f"{kind}:{path}")
        if known is None or None in seen or known["signed"] != seen:
            known = _records[f"{kind}:{path}"] = {"signed": seen, "value": compute(path)}
        return known["value"]

    def search_path(self) -> list[str]:
        """The module search path of a stage: that of a fresh interpreter in a stage's environment."""
        signed = [[path, *self.watch([path])] for path in self._path.get("depends", [])]
        if not signed or signed != self._path["signed"] or any(seen is None for _, seen in signed):
            import subprocess

            command = [sys.executable, "-P", "-c", "import json, sys; print(json.dumps(sys.path))"]
            environ = environment.stage_environment(os.environ)
            answer = subprocess.run(command, env=environ, check=True, capture_output=True, text=True).stdout
            entries = [str(Path(entry).absolute()) for entry in json.loads(answer.splitlines()[-1])]
            depends = [*entries, *(str(hook) for entry in entries for hook in sorted(Path(entry).glob("*.pth")))]
            signed = [[path, *self.watch([path])] for path in depends]
            self._path = {"entries": entries, "depends": depends, "signed": signed}
        return list(self._path["entries"])
