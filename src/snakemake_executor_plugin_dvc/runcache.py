"""DVC's run-cache entries: `runs/ab/KEY/VALUE`, one file for each result that a key has had."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .key import Key, digest
from .links import make_folder, temporary_name

Outs = list[dict[str, Any]]
_NAME = re.compile(r"([0-9a-f]{2})/(\1[0-9a-f]{62})/([0-9a-f]{64})")
_SPECIAL = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")


class RunCache:
    """Reads and writes `<cache>/runs`. Entries are written as JSON, which is YAML, so DVC reads them."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory / "runs"

    def results(self, key: Key) -> list[Outs]:
        """Every readable result of a key, by the name of its file: an order that a pull does not change."""
        folder = self._folder(key)
        try:
            names = sorted(os.listdir(folder))
        except OSError:
            return []
        found = [_read(folder / name) for name in names if not name.startswith(".")]
        return [outs for outs in found if outs is not None and tuple(out["path"] for out in outs) == key.outs]

    def add(self, key: Key, outs: Outs) -> None:
        """Write one result under a temporary name elsewhere in the cache, then rename. Raises OSError."""
        entry = key.entry(outs)
        target = self._folder(key) / digest(entry)
        if _read(target) is not None:
            return
        make_folder(self.directory.parent, target.parent)
        temporary = temporary_name(self.directory.parent)
        try:
            temporary.write_text(as_json(entry, indent=1), encoding="utf-8")
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)

    def names(self) -> Iterator[str]:
        """The name of every entry: `ab/KEY/VALUE`."""
        for path in self.directory.glob("??/*/*"):
            name = path.relative_to(self.directory).as_posix()
            if is_name(name):
                yield name

    def outs(self, name: str) -> Outs:
        """The outputs of an entry by its name, none if it cannot be read."""
        return _read(self.directory / name) or []

    def take(self, name: str, temporary: Path) -> bool:
        """Take a fetched entry into the cache if it is what its name says: both parts are hashes of its content."""
        from .lockyaml import load_yaml

        try:
            text = temporary.read_text(encoding="utf-8")
            entry = json.loads(text) if text.startswith("{") else load_yaml(text)
            outs = [out["path"] for out in normal_outs(entry["outs"])]
            _, key, value = name.split("/")
            right = digest({**entry, "outs": outs}) == key and digest(entry) == value
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
            return False
        if right:
            make_folder(self.directory.parent, (self.directory / name).parent)
            temporary.replace(self.directory / name)
        return right

    def _folder(self, key: Key) -> Path:
        return self.directory / key.digest[:2] / key.digest


def is_name(name: str) -> bool:
    """Whether a name below `runs` is that of an entry, and leads nowhere else."""
    return _NAME.fullmatch(name) is not None


def _read(path: Path) -> Outs | None:
    try:
        return parse_entry(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def parse_entry(text: str) -> Outs | None:
    """The outputs of an entry, None for a text that is none."""
    try:
        return normal_outs((json.loads(text) if text.startswith("{") else parse_yaml(text))["outs"])
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None


def as_json(value: Any, indent: int | None = None) -> str:
    """JSON that means the same read as YAML, which breaks lines at more characters and forbids some."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return _SPECIAL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def parse_yaml(text: str) -> Any:
    """Parse the YAML that DVC wrote, every scalar as text: what a hash looks like must not change it."""
    import yaml

    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        return yaml.load(text, Loader=loader)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None


def normal_outs(outs: Any) -> Outs:
    """Lock-file outputs with typed values. Raises KeyError, TypeError or ValueError for anything else."""
    normal = []
    for out in outs:
        entry: dict[str, Any] = {"path": str(out["path"]), "hash": "md5", "md5": str(out["md5"])}
        stem = entry["md5"].removesuffix(".dir")
        if out.get("hash") != "md5" or len(stem) != 32 or not set(stem) <= set("0123456789abcdef"):
            raise ValueError(f"not an MD5: {out}")
        for name in ("size", "nfiles"):
            if name in out:
                entry[name] = int(out[name])
        if str(out.get("isexec", "")).lower() == "true":
            entry["isexec"] = True
        normal.append(entry)
    return normal
