"""Check a published folder against its own manifest: nothing else is read, and nothing in it is trusted.

No link is followed and no file is opened that the folder does not hold as a regular file, whatever the manifest says.
"""

import hashlib
import os
import stat
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

from modelworks.lm.bundle import EXCLUDED, MANIFEST, SUMS, TIMESTAMP, BundleError, Entry, Manifest, parse, shown

MOST_MANIFEST_BYTES = 256 << 20


@dataclass(frozen=True)
class Checked:
    """The manifest, None if it is not valid, and a line for each fault; no fault: every byte is as it was published."""

    manifest: Manifest | None
    faults: tuple[str, ...]


def check(directory: Path) -> Checked:
    """Compare every file of a folder with its manifest."""
    if not directory.is_dir():
        return Checked(None, (f"{directory}: is no folder",))
    found, faults = _walk(directory)
    if MANIFEST not in found:
        return Checked(None, (*faults, f"{MANIFEST}: is missing"))
    try:
        content = _read(directory, MANIFEST)
        manifest = parse(content)
    except (BundleError, OSError) as error:
        return Checked(None, (*faults, *str(error).splitlines()))
    listed = {file.path for file in manifest.files}
    for file in manifest.files:
        faults += _file_faults(directory, file, found)
    added = sorted(found.keys() - listed - {MANIFEST, SUMS, *EXCLUDED})
    faults += [f"{shown(path)}: is not in {MANIFEST}: it was added" for path in added]
    if found.get(TIMESTAMP):
        faults.append(f"{TIMESTAMP}: must be empty")
    return Checked(manifest, (*faults, *_sums_faults(directory, manifest, found)))


def _walk(directory: Path) -> tuple[dict[str, int], list[str]]:
    """The regular files by relative path with their sizes, and what is neither file nor folder."""
    found: dict[str, int] = {}
    faults: list[str] = []
    pending = [""]
    while pending:
        folder = pending.pop()
        try:
            items = sorted(os.scandir(directory / folder), key=lambda item: item.name)
        except OSError as error:
            faults.append(f"{shown(folder) if folder else directory}: cannot be read: {error.strerror}")
            continue
        if folder and not items:
            faults.append(f"{shown(folder)}: is an empty folder: it was added")
        for item in items:
            path = f"{folder}/{item.name}" if folder else item.name
            if item.is_symlink():
                faults.append(f"{shown(path)}: is a symbolic link: links are not followed")
            elif item.is_dir():
                pending.append(path)
            elif item.is_file():
                found[path] = item.stat(follow_symlinks=False).st_size
            else:
                faults.append(f"{shown(path)}: is neither a file nor a folder")
    return found, faults


def _file_faults(directory: Path, file: Entry, found: dict[str, int]) -> list[str]:
    if file.path not in found:
        return [f"{file.path}: is missing"]
    if found[file.path] != file.size:
        return [f"{file.path}: has {found[file.path]} bytes, not {file.size}"]
    try:
        with _open(directory, file.path) as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        return [f"{file.path}: cannot be read: {error.strerror}"]
    return [] if digest == file.sha256 else [f"{file.path}: its content has changed"]


def _sums_faults(directory: Path, manifest: Manifest, found: dict[str, int]) -> list[str]:
    if SUMS not in found:
        return [f"{SUMS}: is missing"]
    try:
        same = _read(directory, SUMS) == manifest.sums().encode()
    except OSError as error:
        return [f"{SUMS}: cannot be read: {error.strerror}"]
    except BundleError as error:
        return [str(error)]
    return [] if same else [f"{SUMS}: is not what {MANIFEST} says"]


def _read(directory: Path, path: str) -> bytes:
    with _open(directory, path) as file:
        content = file.read(MOST_MANIFEST_BYTES + 1)
    if len(content) > MOST_MANIFEST_BYTES:
        raise BundleError(f"{path}: is larger than {MOST_MANIFEST_BYTES} bytes")
    return content


def _open(directory: Path, path: str) -> BufferedReader:
    handle = os.open(directory / path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(None, "is no regular file", path)
    return os.fdopen(handle, "rb")
