"""Installed distributions: which one an import comes from, what it requires, and its version.

Reads the metadata files directly: `importlib.metadata` parses each with the email package, ten times slower.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from modelworks.build.cache import StatCache

Record = dict[str, Any]
_BUILT = re.compile(r"__pycache__$|build$|dist$|node_modules$|venv$|.*\.egg-info$")


def digest(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def normalize(name: str) -> str:
    """The normalized name of a distribution (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _metadata_folders(path: Iterable[str]) -> list[Path]:
    """The metadata folder of every distribution on a search path, in its order."""
    folders: list[Path] = []
    for entry in path:
        try:
            with os.scandir(entry) as found:
                folders += sorted(Path(item.path) for item in found if item.name.endswith((".dist-info", ".egg-info")))
        except OSError:
            continue
    return folders


def read(folder: Path) -> Record | None:
    """What a fingerprint needs to know of one distribution, as JSON; None for a folder without metadata.

    requires: extra ("" for none) -> [[name, [extras]] ...] with environment markers evaluated here.
    """
    lines = _headers(folder)
    if not lines:
        return None
    fields: dict[str, list[str]] = {}
    for line in lines:
        key, _, value = line.partition(": ")
        fields.setdefault(key, []).append(value.strip())
    files = _files(folder)
    extras = ["", *fields.get("Provides-Extra", [])]
    return {
        "name": normalize(fields["Name"][0]),
        "version": fields["Version"][0],
        "requires": _requires(fields.get("Requires-Dist", []), extras),
        "tops": sorted({file.partition("/")[0].partition(".")[0] for file, _ in files} | _top_level(folder)),
        "content": _direct_content(folder, files),
        "editable": _editable(folder),
    }


def _headers(folder: Path) -> list[str]:
    for name in ("METADATA", "PKG-INFO"):
        try:
            text = (folder / name).read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        return [line for line in text.partition("\n\n")[0].splitlines() if line[:1].strip()]
    return []


def _files(folder: Path) -> list[tuple[str, str]]:
    """Path and hash of each installed file, save metadata, bytecode and scripts (their first line is a local path)."""
    try:
        lines = (folder / "RECORD").read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    rows = (line.rsplit(",", 2) for line in lines if line)
    skipped = ("../", "/", f"{folder.name}/", '"../')
    return [(row[0], row[1]) for row in rows if len(row) == 3 and not row[0].startswith(skipped) and row[1]]


def _top_level(folder: Path) -> set[str]:
    try:
        return set((folder / "top_level.txt").read_text(encoding="utf-8").split())
    except OSError:
        return set()


def _direct_url(folder: Path) -> dict[str, Any]:
    try:
        found = json.loads((folder / "direct_url.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _editable(folder: Path) -> str | None:
    """The project folder of an editable install."""
    url = _direct_url(folder)
    if not url.get("dir_info", {}).get("editable"):
        return None
    from urllib.parse import unquote, urlsplit

    return unquote(urlsplit(str(url["url"])).path)


def _direct_content(folder: Path, files: list[tuple[str, str]]) -> str | None:
    """For what was installed from version control or a local folder, whose version says nothing: its files' hash."""
    url = _direct_url(folder)
    if "vcs_info" not in url and "dir_info" not in url:
        return None
    listing = [*files, ("commit", str(url.get("vcs_info", {}).get("commit_id", "")))]
    return hashlib.sha256(json.dumps(["installed", sorted(listing)]).encode()).hexdigest()


def _requires(lines: list[str], extras: list[str]) -> dict[str, list[Any]]:
    from packaging.requirements import InvalidRequirement, Requirement

    found: dict[str, list[Any]] = {}
    for line in lines:
        try:
            wanted = Requirement(line)
        except InvalidRequirement:
            continue
        for extra in extras:
            if wanted.marker is None or wanted.marker.evaluate({"extra": extra}):
                entry = [normalize(wanted.name), sorted(wanted.extras)]
                if extra == "" or entry not in found.get("", []):
                    found.setdefault(extra, []).append(entry)
    return found


class Installed:
    """The distributions that a search path holds, first come first."""

    def __init__(self, path: Iterable[str], cache: StatCache) -> None:
        self._cache = cache
        self._records: dict[str, Record] = {}
        self._versions: dict[str, str] = {}
        for folder in _metadata_folders(path):
            metadata = folder / ("METADATA" if folder.suffix == ".dist-info" else "PKG-INFO")
            signed = [folder, metadata]
            found = cache.record(folder, "distribution", read, signed)
            if found is not None:
                self._records.setdefault(found["name"], found)

    def versions(self, imports: Iterable[str]) -> dict[str, str]:
        """Name -> version of each distribution that `imports` come from, and of all that those require.

        Requirements are followed with the extras that they ask for; what is not installed is left out.
        """
        tops = {name.partition(".")[0] for name in imports}
        waiting = [(name, "") for name, record in self._records.items() if not tops.isdisjoint(record["tops"])]
        seen: set[tuple[str, str]] = set()
        while waiting:
            name, extra = waiting.pop()
            if (name, extra) in seen or name not in self._records:
                continue
            seen.add((name, extra))
            for other, extras in self._records[name]["requires"].get(extra, []):
                waiting += [(other, ""), *((other, wanted) for wanted in extras)]
        return {name: self._version(name) for name in sorted({name for name, _ in seen})}

    def _version(self, name: str) -> str:
        if name not in self._versions:
            record = self._records[name]
            content = self._editable_content(Path(record["editable"])) if record["editable"] else record["content"]
            self._versions[name] = f"{record['version']} {content}" if content else str(record["version"])
        return self._versions[name]

    def _editable_content(self, root: Path) -> str:
        """Hash of the files of an editable project that count: none hidden, no bytecode, no build products."""
        listing = []
        for parent, folders, names in os.walk(root):
            folders[:] = sorted(name for name in folders if name[0] != "." and not _BUILT.match(name))
            self._cache.watch([parent])
            files = [Path(parent, name) for name in sorted(names) if name[0] != "."]
            listing += [
                [file.relative_to(root).as_posix(), self._cache.record(file, "content", digest)] for file in files
            ]
        return hashlib.sha256(json.dumps(["editable", listing]).encode()).hexdigest()
