"""What a model has answered so far, in a file that survives a kill: nothing in it is asked again."""

import json
import os
import threading
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

from modelworks.livebench.answer import Answer

_NAME = "answers.jsonl"


class Journal:
    """Answers as JSON lines in a stage's scratch folder, by question. Any thread may add one.

    A line that a kill has cut off, and what follows it, counts as not answered.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / _NAME
        self._lock = threading.Lock()
        self.found = {one.question_id: one for one in _whole(self._path)}
        partial = folder / f"{_NAME}.partial"
        partial.write_bytes(b"".join(map(_line, self.found.values())))
        partial.replace(self._path)

    def add(self, answers: Iterable[Answer]) -> None:
        """Keep answers, on disk when this returns."""
        answers = list(answers)
        with self._lock, self._path.open("ab") as file:
            file.write(b"".join(map(_line, answers)))
            file.flush()
            os.fsync(file.fileno())
            self.found |= {one.question_id: one for one in answers}


def _line(one: Answer) -> bytes:
    return json.dumps(asdict(one)).encode() + b"\n"


def _whole(path: Path) -> Iterator[Answer]:
    try:
        content = path.read_bytes()
    except OSError:
        return
    for line in content.split(b"\n")[:-1]:
        try:
            yield Answer(**json.loads(line))
        except (ValueError, TypeError):
            return
