"""The DVC repository around the working directory: its root, its configuration, what it ignores."""

import base64
import contextlib
import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from .got import Got
from .journal import finished_outputs, unsettled_outputs
from .left import Left
from .lockfile import LOCK_FILE, recorded_outputs


class ConfigurationError(OSError, ValueError):
    """DVC's configuration cannot be read."""


def find_root(start: Path) -> Path:
    """The nearest folder upwards that is a DVC root. Raises FileNotFoundError with the remedy."""
    for folder in (start, *start.parents):
        if (folder / ".dvc").is_dir():
            return folder
    raise FileNotFoundError(f"{start} lies in no DVC repository: run `dvc init` (or `dvc init --no-scm`) first")


def state_folder(root: Path, folder: Path) -> Path:
    """Where the memo keeps what it knows of one working directory of a DVC repository."""
    inner = os.path.relpath(folder.absolute(), root)
    state = root / ".dvc" / "tmp" / "memo"
    return state if inner == "." else state / hashlib.sha256(os.fsencode(inner)).hexdigest()[:16]


def journal(root: Path, folder: Path | None = None) -> Path:
    """Where stages of a working directory (the current one) wait that are finished but not yet in dvc.lock."""
    return state_folder(root, folder or Path.cwd()) / "pending.jsonl"


def prepare(folder: Path) -> None:
    """Bring a working directory into a state that Snakemake judges rightly; the caller holds the build lock.

    File outputs that are read-only links to the cache become writable by their owner: DVC makes its links read-only,
    and Snakemake takes such a file for one that is `protected()`. What really is, is never a link here.

    What a killed build had begun and not recorded is marked as incomplete: Snakemake takes a job for complete before
    it is committed, and an old output for a restored one.

    An output that is not as the last build left it (DVC put it there, or the file that it links is damaged) is marked
    as made with other params: Snakemake judges an output by its time and by what it noted when it made it.
    """
    try:
        root = find_root(folder.absolute())
    except FileNotFoundError:
        return
    pending = journal(root, folder)
    recorded = list(recorded_outputs(folder / LOCK_FILE, pending))
    for name in recorded:
        _unlock(folder / name)
    for path in unsettled_outputs(pending):
        if os.path.lexists(folder / path):
            _write_record(folder, "incomplete", path, {"external_jobid": None})
    state = state_folder(root, folder)
    foreign = Left(state).foreign(folder, finished_outputs(pending), lambda: read_config(root)[0])
    got = Got(state)
    valid = got.valid(folder)
    unseen = [
        path for path in recorded if os.path.lexists(folder / path) and not _record(folder, "metadata", path).exists()
    ]
    unknown = [path for path in unseen if path not in valid]
    got.forget(valid.difference(unseen))
    mark_foreign(folder, (*foreign, *unknown))


def mark_foreign(folder: Path, paths: Iterable[str]) -> None:
    """Have Snakemake take outputs for made with other params, so that it runs their jobs, which are then looked up."""
    from snakemake.persistence import RECORD_FORMAT_VERSION

    for path in paths:
        content = {"record_format_version": RECORD_FORMAT_VERSION, "params": ["<not what the last build left>"]}
        _write_record(folder, "metadata", path, content)


def forget(folder: Path, paths: Iterable[str]) -> None:
    """Remove Snakemake's records of outputs that something else has put in place."""
    for path in paths:
        for kind in ("metadata", "incomplete"):
            _record(folder, kind, path).unlink(missing_ok=True)


def _unlock(path: Path) -> None:
    with contextlib.suppress(OSError):
        status = os.stat(path)
        linked = stat.S_ISREG(status.st_mode) and (status.st_nlink > 1 or path.is_symlink())
        if linked and not status.st_mode & stat.S_IWUSR and status.st_uid == os.geteuid():
            path.chmod(stat.S_IMODE(status.st_mode) | stat.S_IWUSR)


def _record(folder: Path, kind: str, path: str) -> Path:
    """Where Snakemake keeps its record of an output (`snakemake.persistence.file`): kind is metadata or incomplete."""
    name = base64.urlsafe_b64encode(path.encode()).decode()
    size = os.pathconf(folder, "PC_NAME_MAX") - 1
    parts = [name[start : start + size] for start in range(0, len(name), size)]
    return folder.joinpath(".snakemake", kind, *(f"@{part}" for part in parts[:-1]), parts[-1])


def _write_record(folder: Path, kind: str, path: str, content: dict[str, Any]) -> None:
    with contextlib.suppress(OSError):
        record = _record(folder, kind, path)
        record.parent.mkdir(parents=True, exist_ok=True)
        record.write_text(json.dumps(content))


def read_config(root: Path) -> tuple[Path, list[str], str | None]:
    """The cache directory, `cache.type` and the default remote, from DVC's own configuration files.

    Raises ConfigurationError, naming the folder, if DVC cannot read them.
    """
    from dvc.config import Config, ConfigError

    try:
        config = Config(dvc_dir=str(root / ".dvc"))
    except ConfigError as error:
        raise ConfigurationError(f"{root / '.dvc'}: {error}") from None
    cache = Path(root / ".dvc", config["cache"].get("dir") or "cache")
    types = config["cache"].get("type") or ["reflink", "copy"]
    return Path(os.path.normpath(cache)), list(types), config["core"].get("remote")


def ignore_patterns(root: Path) -> Callable[[str, bool], bool] | None:
    """A test for DVC's ignore patterns at the root, or None where only Snakemake's timestamps are ignored."""
    try:
        lines = (root / ".dvcignore").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    patterns = [
        line for line in lines if line.strip() and not line.startswith("#") and "snakemake_timestamp" not in line
    ]
    if not patterns:
        return None
    import pathspec

    spec = pathspec.GitIgnoreSpec.from_lines(patterns)

    def ignored(path: str, is_directory: bool) -> bool:
        relative = os.path.relpath(path, root)
        return not relative.startswith("..") and spec.match_file(relative + ("/" if is_directory else ""))

    return ignored


def ensure_ignored(root: Path) -> None:
    """Add the time stamp files that Snakemake puts into directory outputs to .dvcignore: DVC must not see them."""
    path = root / ".dvcignore"
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    if ".snakemake_timestamp" not in text:
        with path.open("a", encoding="utf-8") as file:  # added in one write: nothing that is there can be lost
            file.write(("" if text.endswith("\n") or not text else "\n") + ".snakemake_timestamp\n")
