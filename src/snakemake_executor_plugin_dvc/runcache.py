"""DVC's run-cache entries: `runs/ab/KEY/VALUE`, one file for each result that a key has had."""

import json
import os
import re
from pathlib import Path
from typing import Any

from .key import Key, digest
from .links import temporary_name

Outs = list[dict[str, Any]]
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
        if _read(target) is None:
            self._write(target, as_json(entry, indent=1))

    def add_text(self, key: Key, text: str) -> None:
        """Take over an entry that was made elsewhere, if it can be read. Raises OSError."""
        outs = parse_entry(text)
        if outs is not None:
            self._write(self._folder(key) / digest(key.entry(outs)), text)

    def _write(self, target: Path, text: str) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = temporary_name(self.directory.parent)
        try:
            temporary.write_text(text, encoding="utf-8")
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)

    def _folder(self, key: Key) -> Path:
        return self.directory / key.digest[:2] / key.digest


def _read(path: Path) -> Outs | None:
    try:
        return parse_entry(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def parse_entry(text: str) -> Outs | None:
    """The outputs of an entry, None for a text that is none."""
    try:
        return normal_outs((json.loads(text) if text.startswith("{") else parse_yaml(text))["outs"])
    except (ValueError, KeyError, TypeError):
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
