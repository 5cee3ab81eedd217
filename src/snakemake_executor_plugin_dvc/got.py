"""Outputs that were checked out without a build (`modelworks get`), and on which files that rests.

Snakemake has no record of them, so it would take them for up to date whatever the params and rules say. As long as none
of those files has changed they are; then their jobs are looked up.
"""

import contextlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from .hashing import md5_file


class Got:
    """`got.json` in the memo's state folder: output path -> {file: MD5}, relative to the working directory."""

    def __init__(self, state: Path) -> None:
        self._path = state / "got.json"

    def note(self, outputs: Iterable[str], files: Mapping[str, str]) -> None:
        """Outputs that are in place now, valid while `files` have these MD5s. Raises OSError."""
        self._store(self._load() | {path: dict(files) for path in outputs})

    def forget(self, outputs: Iterable[str]) -> None:
        """Outputs that a build has made or judged since."""
        known = self._load()
        if left := {path: files for path, files in known.items() if path not in set(outputs)}:
            if len(left) < len(known):
                self._store(left)
        elif known:
            self._path.unlink(missing_ok=True)

    def valid(self, folder: Path) -> set[str]:
        """The outputs whose files are as they were."""
        known = self._load()
        now: dict[str, str | None] = {}
        for name in {name for files in known.values() for name in files}:
            now[name] = None
            with contextlib.suppress(OSError):
                now[name] = md5_file(folder / name)
        return {path for path, files in known.items() if all(now[name] == md5 for name, md5 in files.items())}

    def _load(self) -> dict[str, dict[str, str]]:
        try:
            return dict(json.loads(self._path.read_bytes()))
        except (OSError, ValueError, TypeError):
            return {}

    def _store(self, outputs: Mapping[str, Mapping[str, str]]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self._path.with_suffix(".new")
        temporary.write_text(json.dumps(outputs))
        temporary.replace(self._path)
