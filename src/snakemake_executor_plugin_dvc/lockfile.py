"""dvc.lock: read one stage at a time, written once per run, everything else in it kept as it is."""

import contextlib
import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TextIO

from .runcache import parse_yaml

LOCK_FILE = Path("dvc.lock")
_HEAD = "schema: '2.0'\nstages:\n"
_STAGE = re.compile(r"^  (\S.*):$", re.MULTILINE)
_PATH = re.compile(r"^    - path: (\S.*)$", re.MULTILINE)
_SIMPLE = re.compile(r"[A-Za-z_/][A-Za-z0-9_./-]*")
_RESERVED = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}


class DvcLock:
    """The working directory's dvc.lock, as text blocks by stage name, and the entries of this run not yet written.

    What a run begins and finishes is appended to `journal` at once, so that a build that is killed loses nothing: the
    next one folds the journal in, and builds again what was begun and neither recorded nor settled.
    """

    def __init__(self, journal: Path, path: Path = LOCK_FILE) -> None:
        self.path = path
        self._journal = journal
        self._file: TextIO | None = None
        self._blocks: dict[str, str] | None = None
        self._pending: dict[str, dict[str, Any]] = _read_journal(journal)
        self._begun: dict[str, list[str]] = {}

    @property
    def pending(self) -> int:
        """How many stages wait to be written."""
        return len(self._pending)

    def agrees(self, name: str, hashes: list[str]) -> bool:
        """Whether the stage's entry is absent or names these hashes: a look at its text, without parsing it."""
        if name in self._pending:
            return hashes == [out["md5"] for out in self._pending[name]["outs"]]
        block = self._read().get(name)
        return block is None or all(
            f" {md5}\n" in block or f'"{md5}"' in block or f"'{md5}'" in block for md5 in hashes
        )

    def entry(self, name: str) -> dict[str, Any] | None:
        """The entry of one stage, scalars as text, or None. Never raises: a lock file nobody can read names nothing."""
        if name in self._pending:
            return self._pending[name]
        block = self._read().get(name)
        if block is None:
            return None
        try:
            return parse_yaml(block)[name]
        except (ValueError, KeyError, TypeError):
            return None

    def _read(self) -> dict[str, str]:
        if self._blocks is None:
            try:
                self._blocks = _split(_text(self.path))
            except ValueError:
                self._blocks = {}
        return self._blocks

    def params(self, name: str, file: str) -> dict[str, Any]:
        """The typed params of one stage's entry, empty where it has none."""
        entry = self._pending.get(name)
        if entry is None and name in self._read():
            entry = load_yaml(self._read()[name])[name]
        return ((entry or {}).get("params") or {}).get(file) or {}

    def begin(self, name: str, outputs: list[str]) -> None:
        """Note in the journal that a stage's outputs are about to be written or restored."""
        self._begun[name] = outputs
        self._append(name, outputs)

    def settle(self, name: str) -> None:
        """Note in the journal that what a stage began is at an end, without an entry."""
        self._begun.pop(name, None)
        self._append(name, None)

    def record(self, name: str, entry: dict[str, Any]) -> None:
        """Note the entry of a finished stage, in memory and in the journal."""
        self._pending[name] = entry
        self._begun.pop(name, None)
        self._append(name, entry)

    def _append(self, name: str, item: dict[str, Any] | list[str] | None) -> None:
        with contextlib.suppress(OSError):
            text = json.dumps([name, item]) + "\n"
            if self._file is None:
                self._journal.parent.mkdir(parents=True, exist_ok=True)
                self._file = self._journal.open("a", encoding="utf-8")
                text = "\n" + text  # a build that was killed may have left half a line
            self._file.write(text)
            self._file.flush()

    def write(self) -> None:
        """Merge what is pending into dvc.lock and rename it into place; the caller holds DVC's lock.

        Raises OSError, and ValueError if dvc.lock is not readable as YAML: it is left as it is.
        """
        if not self._pending:
            self._close_journal()
            return
        blocks = _split(_text(self.path))
        for name, entry in self._pending.items():
            block = _block(name, entry)
            if name not in blocks or not _equal(blocks[name], block, typed="params" in entry):
                blocks[name] = block
        text = _HEAD + "".join(blocks.values())
        temporary = self.path.with_name(f".{self.path.name}.new")  # one name, so that what a killed build left goes
        try:
            if text != _text(self.path):
                temporary.write_text(text, encoding="utf-8")
                temporary.replace(self.path)
        finally:
            temporary.unlink(missing_ok=True)
        self._pending.clear()
        self._blocks = None
        self._close_journal()

    def _close_journal(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
        self._journal.unlink(missing_ok=True)
        for name, outputs in self._begun.items():  # of a build that is stopped
            self._append(name, outputs)


def recorded_outputs(lock: Path, journal: Path) -> Iterator[str]:
    """The output paths that a dvc.lock and a journal name, from their text. Never raises."""
    with contextlib.suppress(ValueError):
        for block in _split(_text(lock)).values():
            _, _, outs = block.partition("\n    outs:\n")
            yield from (_name(path) for path in _PATH.findall(outs))
    for entry in _read_journal(journal).values():
        yield from (out["path"] for out in entry["outs"])


def unsettled_outputs(journal: Path) -> list[str]:
    """The outputs of the stages that a killed build had begun and not come to the end of. Never raises."""
    begun: dict[str, Any] = {}
    for name, item in _journal_items(journal):
        begun[name] = item
    return [path for outputs in begun.values() if isinstance(outputs, list) for path in outputs]


def _read_journal(path: Path) -> dict[str, dict[str, Any]]:
    return {name: item for name, item in _journal_items(path) if isinstance(item, dict)}


def _journal_items(path: Path) -> Iterator[tuple[str, Any]]:
    with contextlib.suppress(OSError):
        for line in path.read_text(encoding="utf-8").splitlines():
            with contextlib.suppress(ValueError):  # the last line of a build that was killed
                name, item = json.loads(line)
                yield name, item


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""


def _split(text: str) -> dict[str, str]:
    """The blocks of a lock file by stage name. A file in another layout is parsed and laid out anew (ValueError)."""
    if not text.startswith(_HEAD):
        return _split_parsed(text)
    heads = list(_STAGE.finditer(text))
    names = [head[1] for head in heads]
    broken = [line for line in text[len(_HEAD) :].splitlines() if line.strip() and not line.startswith("  ")]
    if broken or len(set(names)) != len(names):
        raise ValueError(f"not a lock file that DVC wrote: {(broken or names)[0]!r}")
    ends = [*(head.start() for head in heads[1:]), len(text)]
    return {_name(head[1]): text[head.start() : end].rstrip("\n") + "\n" for head, end in zip(heads, ends, strict=True)}


def _name(text: str) -> str:
    return parse_yaml(text) if text[0] in "'\"" else text


def _split_parsed(text: str) -> dict[str, str]:
    if not text.strip():
        return {}
    stages = load_yaml(text).get("stages") or {}
    return {name: _block(name, entry) for name, entry in stages.items()}


def load_yaml(text: str) -> dict[str, Any]:
    """Parse YAML 1.2 as DVC does (ruamel.yaml). Raises ValueError unless it is a mapping."""
    from ruamel.yaml import YAML, YAMLError

    try:
        value = YAML(typ="safe").load(text)
    except YAMLError as error:
        raise ValueError(str(error)) from None
    if not isinstance(value, dict):
        raise ValueError("not a mapping")
    return value


def _block(name: str, entry: dict[str, Any]) -> str:
    return f"  {_scalar(name)}:\n" + "".join(_lines(entry, "    "))


def _equal(one: str, two: str, typed: bool) -> bool:
    """Whether two blocks say the same, as DVC and this module lay them out differently."""
    if one == two:
        return True
    if parse_yaml(one) != parse_yaml(two) and not typed:
        return False
    return load_yaml(one) == load_yaml(two)


def _lines(value: dict[str, Any], indent: str) -> Iterator[str]:
    for key, item in value.items():
        if isinstance(item, dict) and item:
            yield f"{indent}{_scalar(key)}:\n"
            yield from _lines(item, indent + "  ")
        elif isinstance(item, list) and item:
            yield f"{indent}{_scalar(key)}:\n"
            yield from _items(item, indent)
        else:
            yield f"{indent}{_scalar(key)}: {_scalar(item)}\n"


def _items(items: list[Any], indent: str) -> Iterator[str]:
    for item in items:
        if isinstance(item, dict) and item:
            first, *rest = _lines(item, indent + "  ")
            yield f"{indent}- {first.lstrip(' ')}"
            yield from rest
        else:
            yield f"{indent}- {_scalar(item)}\n"


def _scalar(value: Any) -> str:
    """One value as YAML 1.2: plain where that cannot be misread, else JSON, which is YAML."""
    if isinstance(value, str) and _SIMPLE.fullmatch(value) and value.lower() not in _RESERVED:
        return value
    return json.dumps(value, ensure_ascii=False)


@contextlib.contextmanager
def dvc_lock(folder: Path, notify: Callable[[str], None], patience: float = 600.0) -> Iterator[None]:
    """Hold DVC's repository lock (`.dvc/tmp/lock`), trying again with growing pauses for `patience` seconds.

    DVC itself gives up after three seconds. Raises TimeoutError, naming the file.
    """
    import zc.lockfile

    path = folder / "tmp" / "lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    deadline, pause, told = time.monotonic() + patience, 0.01, False
    while True:
        try:
            lock = zc.lockfile.LockFile(str(path))
            break
        except zc.lockfile.LockError:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{path} is still held by another DVC process after {patience:.0f} s") from None
        if not told and pause > 0.5:
            notify(f"waiting for another DVC process to release {path}")
            told = True
        time.sleep(pause)
        pause = min(pause * 2, 1.0)
    try:
        yield
    finally:
        lock.close()
