"""A folder that is published whole: a manifest of every file, and one hash that covers them all.

`manifest.json` lists path, size and SHA-256 of every file but itself and SHA256SUMS; `SHA256SUMS` lists the same files
and the manifest, for `sha256sum --check`. The root hash is the SHA-256 of the lines that `root` makes of the manifest.
Both have one valid spelling, so no byte of the folder is free. Only the standard library is needed.
"""

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FORMAT = "modelworks-release"
VERSION = 1
MANIFEST = "manifest.json"
SUMS = "SHA256SUMS"
# May lie in the folder and are covered by no hash. Costs come from a ledger, which other runs of the same build change;
# the other is an empty file by which Snakemake knows how old a folder is.
COSTS, TIMESTAMP = "COSTS.json", ".snakemake_timestamp"
EXCLUDED = (COSTS, TIMESTAMP)

_OWN = frozenset({MANIFEST, SUMS, *EXCLUDED})
_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
_HASH = re.compile(r"[0-9a-f]{64}")
_KEYS = ("format", "version", "name", "excluded", "root", "files")


class BundleError(ValueError):
    """A folder or a manifest that breaks the format."""


@dataclass(frozen=True, order=True)
class Entry:
    """A file: POSIX path relative to the folder, size in bytes, SHA-256 in hexadecimal digits."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What a folder holds, sorted by path."""

    name: str
    files: tuple[Entry, ...]

    @property
    def root(self) -> str:
        """SHA-256 of the line `format version name` and a line `sha256 size path` for each file."""
        lines = [f"{FORMAT} {VERSION} {self.name}", *(f"{f.sha256} {f.size} {f.path}" for f in self.files)]
        return hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()

    def text(self) -> str:
        """The content of manifest.json."""
        files = [{"path": file.path, "size": file.size, "sha256": file.sha256} for file in self.files]
        values = (FORMAT, VERSION, self.name, list(EXCLUDED), self.root, files)
        return json.dumps(dict(zip(_KEYS, values, strict=True)), indent=1) + "\n"

    def sums(self) -> str:
        """The content of SHA256SUMS."""
        own = Entry(MANIFEST, 0, hashlib.sha256(self.text().encode()).hexdigest())
        return "".join(f"{file.sha256}  {file.path}\n" for file in sorted((*self.files, own)))


def seal(directory: Path, name: str) -> Manifest:
    """Write manifest and sums of a finished folder. Raises BundleError for what cannot be published under its name."""
    files = []
    for path in sorted(directory.rglob("*")):
        relative = path.relative_to(directory).as_posix()
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise BundleError(f"{relative}: is neither a file nor a folder")
        if path.is_file():
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            files.append(Entry(relative, path.stat().st_size, digest))
    manifest = Manifest(name, tuple(sorted(files)))
    if faults := [*_name_faults(name), *_entry_faults(manifest.files)]:
        raise BundleError("\n".join(faults))
    for written, text in ((MANIFEST, manifest.text()), (SUMS, manifest.sums())):
        (directory / written).write_text(text, encoding="utf-8", newline="\n")
    return manifest


def parse(content: bytes) -> Manifest:
    """Read a manifest that nobody vouches for. Raises BundleError with a line for each fault."""
    try:
        data = json.loads(content, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{MANIFEST}: cannot be read: {error}") from None
    if not isinstance(data, dict) or tuple(data) != _KEYS:
        raise BundleError(f"{MANIFEST}: must hold {', '.join(_KEYS)}, in this order")
    if data["format"] != FORMAT or data["version"] != VERSION or data["excluded"] != list(EXCLUDED):
        raise BundleError(
            f"{MANIFEST}: must be of the format {FORMAT}, version {VERSION}, and exclude {', '.join(EXCLUDED)}"
        )
    faults = [*_name_faults(data["name"])]
    files: list[Entry] = []
    for number, item in enumerate(data["files"] if isinstance(data["files"], list) else [None]):
        if _is_entry(item):
            files.append(Entry(**item))
        else:
            faults.append(f"{MANIFEST}: files, item {number}: must be a path, a size and a SHA-256")
    faults += _entry_faults(files)
    if faults:
        raise BundleError("\n".join(faults))
    manifest = Manifest(data["name"], tuple(sorted(files)))
    if data["root"] != manifest.root:
        raise BundleError(f"{MANIFEST}: its root hash must be {manifest.root}, that of the files that it lists")
    if content != manifest.text().encode():
        raise BundleError(f"{MANIFEST}: is not spelled as the format demands")
    return manifest


def shown(path: str) -> str:
    """A path for a terminal: quoted and escaped if a manifest may not hold it."""
    return path if not _path_faults(path) or path in _OWN else json.dumps(path)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a key is given twice")
    return dict(pairs)


def _is_entry(item: Any) -> bool:
    return (
        isinstance(item, dict)
        and tuple(item) == ("path", "size", "sha256")
        and isinstance(item["path"], str)
        and type(item["size"]) is int
        and item["size"] >= 0
        and isinstance(item["sha256"], str)
        and _HASH.fullmatch(item["sha256"]) is not None
    )


def _name_faults(name: Any) -> list[str]:
    if isinstance(name, str) and _NAME.fullmatch(name):
        return []
    return [f"{MANIFEST}: name: must be lower-case letters, digits, _ and -"]


def _entry_faults(files: Iterable[Entry]) -> list[str]:
    faults, seen = [], set[str]()
    for file in files:
        faults += [f"{MANIFEST}: {shown(file.path)}: {fault}" for fault in _path_faults(file.path)]
        if file.path in seen:
            faults.append(f"{MANIFEST}: {shown(file.path)}: is listed twice")
        seen.add(file.path)
    return faults


def _path_faults(path: str) -> list[str]:
    if path in _OWN:
        return ["is not listed in a manifest"]
    if not all(_PART.fullmatch(part) for part in path.split("/")):
        return ["must be names of letters, digits, _, - and inner dots, joined by /: no path that leads out"]
    return []
