"""What a build has begun and finished, appended line by line, so that a build that is killed loses nothing."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

Entry = dict[str, Any]


class Journal:
    """Lines `[stage, item]`: a list of outputs when a stage begins, its dvc.lock entry when it has finished, else null.

    `finished` holds the entries of this build, and of a killed one before it, that are not in dvc.lock yet.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: TextIO | None = None
        self._begun: dict[str, list[str]] = {}
        self.finished: dict[str, Entry] = finished(path)

    def begin(self, name: str, outputs: list[str]) -> None:
        """Note that a stage's outputs are about to be written or restored."""
        self._begun[name] = outputs
        self._append(name, outputs)

    def settle(self, name: str) -> None:
        """Note that what a stage began is at an end, without an entry."""
        self._begun.pop(name, None)
        self._append(name, None)

    def finish(self, name: str, entry: Entry) -> None:
        """Note the entry of a finished stage."""
        self.finished[name] = entry
        self._begun.pop(name, None)
        self._append(name, entry)

    def _append(self, name: str, item: Entry | list[str] | None) -> None:
        with contextlib.suppress(OSError):
            text = json.dumps([name, item]) + "\n"
            if self._file is None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._file = self._path.open("a", encoding="utf-8")
                text = "\n" + text  # a build that was killed may have left half a line
            self._file.write(text)
            self._file.flush()

    def clear(self) -> None:
        """Forget what has finished: dvc.lock holds it now. What has begun and not ended stays."""
        self.finished.clear()
        if self._file is not None:
            self._file.close()
            self._file = None
        self._path.unlink(missing_ok=True)
        for name, outputs in self._begun.items():  # of a build that is stopped
            self._append(name, outputs)


def finished(path: Path) -> dict[str, Entry]:
    """The entries that a journal holds, by stage. Never raises."""
    return {name: item for name, item in _items(path) if isinstance(item, dict)}


def finished_outputs(path: Path) -> dict[str, str]:
    """The outputs of the stages that a killed build had finished, with their hashes. Never raises."""
    return {out["path"]: out["md5"] for entry in finished(path).values() for out in entry["outs"]}


def unsettled_outputs(path: Path) -> list[str]:
    """The outputs of the stages that a killed build had begun and not come to the end of. Never raises."""
    last = dict(_items(path))
    return [output for outputs in last.values() if isinstance(outputs, list) for output in outputs]


def _items(path: Path) -> Iterator[tuple[str, Any]]:
    with contextlib.suppress(OSError):
        for line in path.read_text(encoding="utf-8").splitlines():
            with contextlib.suppress(ValueError):  # the last line of a build that was killed
                name, item = json.loads(line)
                yield name, item
