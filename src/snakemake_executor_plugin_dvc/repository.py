"""The DVC repository around the working directory: its root, its configuration, what it ignores."""

import base64
import contextlib
import os
import stat
from collections.abc import Callable
from pathlib import Path

from .journal import unsettled_outputs
from .lockfile import LOCK_FILE, recorded_outputs


def find_root(start: Path) -> Path:
    """The nearest folder upwards that is a DVC root. Raises FileNotFoundError with the remedy."""
    for folder in (start, *start.parents):
        if (folder / ".dvc").is_dir():
            return folder
    raise FileNotFoundError(f"{start} lies in no DVC repository: run `dvc init` (or `dvc init --no-scm`) first")


def journal(root: Path) -> Path:
    """Where stages wait that are finished but not yet in dvc.lock."""
    return root / ".dvc" / "tmp" / "memo" / "pending.jsonl"


def has_journal(folder: Path) -> bool:
    """Whether a build of the directory has not come to its end, or is still at work."""
    with contextlib.suppress(FileNotFoundError):
        return journal(find_root(folder.absolute())).exists()
    return False


def unlock_links(folder: Path) -> int:
    """Let their owner write the file outputs that are read-only links to the cache; how many there were.

    DVC makes its links read-only, and Snakemake takes such a file for one that is `protected()`. What really is, is
    never a link here.
    """
    try:
        root = find_root(folder.absolute())
    except FileNotFoundError:
        return 0
    unlocked = 0
    for name in recorded_outputs(folder / LOCK_FILE, journal(root)):
        path = folder / name
        with contextlib.suppress(OSError):
            status = os.stat(path)
            linked = stat.S_ISREG(status.st_mode) and (status.st_nlink > 1 or path.is_symlink())
            if linked and not status.st_mode & stat.S_IWUSR and status.st_uid == os.geteuid():
                path.chmod(stat.S_IMODE(status.st_mode) | stat.S_IWUSR)
                unlocked += 1
    return unlocked


def mark_unsettled(folder: Path) -> None:
    """Mark as incomplete for Snakemake what a killed build had begun and not recorded; the caller holds the build lock.

    Snakemake takes a job for complete before it is committed, and an old output for a restored one.
    """
    try:
        outputs = unsettled_outputs(journal(find_root(folder.absolute())))
    except FileNotFoundError:
        return
    for path in outputs:
        with contextlib.suppress(OSError):
            if os.path.lexists(folder / path):
                marker = _incomplete_marker(folder, path)
                marker.parent.mkdir(parents=True, exist_ok=True)
                marker.write_text('{"external_jobid": null}')


def _incomplete_marker(folder: Path, path: str) -> Path:
    """Where Snakemake marks an output as incomplete (`snakemake.persistence.file`)."""
    name = base64.urlsafe_b64encode(path.encode()).decode()
    size = os.pathconf(folder, "PC_NAME_MAX") - 1
    parts = [name[start : start + size] for start in range(0, len(name), size)]
    return folder.joinpath(".snakemake", "incomplete", *(f"@{part}" for part in parts[:-1]), parts[-1])


def read_config(root: Path) -> tuple[Path, list[str], str | None]:
    """The cache directory, `cache.type` and the default remote, from DVC's own configuration files.

    Raises ValueError, naming the folder, if DVC cannot read them.
    """
    from dvc.config import Config, ConfigError

    try:
        config = Config(dvc_dir=str(root / ".dvc"))
    except ConfigError as error:
        raise ValueError(f"{root / '.dvc'}: {error}") from None
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
