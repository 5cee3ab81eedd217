"""Checks of a workspace: its repositories, its disk, its cache, its remote."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from modelworks.build.finding import Finding, upwards

LEAST_FREE_BYTES = 10 * 10**9
LEAST_FREE_SHARE = 0.05


def repository(folder: Path) -> Iterator[Finding]:
    """Git and DVC around the folder."""
    from snakemake_executor_plugin_dvc.repository import read_config

    if upwards(folder, ".git") is None:
        yield Finding(
            "warn", f"git: {folder} lies in no git repository", "Make one, to note commits in the ledger: git init"
        )
    else:
        yield Finding("ok", "git: a repository")
    root = _dvc_root(folder)
    if root is None:
        yield Finding("fail", f"DVC: {folder} lies in no DVC repository", "Make one: dvc init (without git: --no-scm)")
        return
    try:
        read_config(root)
    except ValueError as error:
        yield Finding("fail", f"DVC: its configuration cannot be read: {error}", "Mend it by hand")
    else:
        yield Finding("ok", f"DVC: the repository {root}")


def disk(folder: Path) -> Iterator[Finding]:
    """Free space where the workspace and the cache lie."""
    places = {"workspace": folder, **({"cache": cache} if (cache := _cache(folder)) else {})}
    seen: set[int] = set()
    for name, place in places.items():
        there = next(path for path in (place, *place.parents) if path.exists())
        if _device(there) in seen:
            continue
        seen.add(_device(there))
        usage = shutil.disk_usage(there)
        text = f"disk of the {name}: {usage.free / 1e9:.0f} GB of {usage.total / 1e9:.0f} GB free"
        if usage.free < LEAST_FREE_BYTES or usage.free < LEAST_FREE_SHARE * usage.total:
            remedy = "Make room: `dvc gc --workspace` keeps only what dvc.lock names, and forgets other results"
            yield Finding("warn", text, remedy)
        else:
            yield Finding("ok", text)


def cache_directory(folder: Path) -> Iterator[Finding]:
    """Whether the cache can be written, and how a result comes from it into the workspace: tried with a real file."""
    from snakemake_executor_plugin_dvc.links import Links, remove, temporary_name, unique_name

    cache = _cache(folder)
    if cache is None:
        return
    target = folder / f".doctor-{unique_name()}"
    try:
        source = temporary_name(cache)
        source.write_bytes(b"modelworks doctor")
    except OSError as error:
        remedy = "Results are not kept until it can be written: see its owner and mode, or dvc cache dir"
        yield Finding("fail", f"cache: {cache} cannot be written: {error.strerror}", remedy)
        return
    try:
        kind = Links(_link_types(folder)).place(source, target)
        possible = [other for other in ("reflink", "hardlink") if _works(other, source, target)]
    except OSError as error:
        yield Finding("fail", f"workspace: {folder} cannot be written: {error.strerror}", "See its owner and mode")
        return
    finally:
        source.unlink(missing_ok=True)
        remove(target)
    if kind != "copy":
        yield Finding("ok", f"cache: {cache}, results are put in place by {kind}")
    elif possible:
        remedy = "Results take their space twice. Set: dvc config cache.type reflink,hardlink,copy"
        yield Finding("warn", f"cache: {cache}, results are copied, though {possible[0]} works here", remedy)
    elif _device(cache) != _device(folder):
        remedy = (
            "Results take their space twice. Put it on the same one (dvc cache dir), or: dvc config cache.type symlink"
        )
        yield Finding(
            "warn", f"cache: {cache} is on another file system than the workspace, results are copied", remedy
        )
    else:
        remedy = "Results take their space twice. Move it to a file system with hard links or reflinks"
        yield Finding("warn", f"cache: {cache}, results are copied: the file system has no links", remedy)


def _works(kind: str, source: Path, target: Path) -> bool:
    from snakemake_executor_plugin_dvc.links import Links, remove

    remove(target)
    try:
        return Links([kind]).make(kind, source, target)
    except OSError:
        return False


def damaged_objects(folder: Path) -> Iterator[Finding]:
    """Objects that were found damaged and set aside."""
    cache = _cache(folder)
    if cache is None:
        return
    damaged = list((cache / "memo" / "damaged").glob("*"))
    if damaged:
        remedy = f"Look for the cause (the disk, files edited in place), then: rm -r {cache}/memo/damaged"
        yield Finding("warn", f"damage: {len(damaged)} objects were set aside", remedy)
    else:
        yield Finding("ok", "damage: no damaged objects set aside (modelworks cache verify reads them all)")


def remote(folder: Path) -> Iterator[Finding]:
    """The default remote."""
    root = _dvc_root(folder)
    if root is None or _cache(folder) is None:
        return
    from modelworks.build.team_remote import RemoteError, open_remote
    from snakemake_executor_plugin_dvc.repository import read_config

    if read_config(root)[2] is None:
        remedy = "To share results: dvc remote add -d store /path/to/store, then modelworks push"
        yield Finding("ok", f"remote: none configured. {remedy}")
        return
    try:
        opened = open_remote(root, None)
        opened.check(made=True)
    except RemoteError as error:
        yield Finding("warn", f"remote: {error}")
        return
    yield Finding("ok", f"remote: {opened.place} answers")


def _device(path: Path) -> int:
    """The file system that a path lies on."""
    return os.stat(path).st_dev


def _dvc_root(folder: Path) -> Path | None:
    from snakemake_executor_plugin_dvc.repository import find_root

    with contextlib.suppress(FileNotFoundError):
        return find_root(folder)
    return None


def _cache(folder: Path) -> Path | None:
    from snakemake_executor_plugin_dvc.repository import read_config

    root = _dvc_root(folder)
    with contextlib.suppress(ValueError):
        return read_config(root)[0] if root else None
    return None


def _link_types(folder: Path) -> list[str]:
    from snakemake_executor_plugin_dvc.repository import find_root, read_config

    return read_config(find_root(folder))[1]
