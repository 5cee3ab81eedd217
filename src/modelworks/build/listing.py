"""The artifacts of a workspace: how large, how old, when last used, and where their content is."""

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from modelworks.build import lineage, workspace

if TYPE_CHECKING:
    from snakemake_executor_plugin_dvc.objects import Objects

Cached = Literal["cached", "evicted", "not cached"]
SORTS = ("size", "used", "path")


@dataclass(frozen=True)
class Artifact:
    """One output of a stage in dvc.lock. Times are UTC, ISO 8601, None where no ledger knows; `size` is in bytes.

    `cached`: its content is in the cache; was once, the run-cache says (`evicted`); or neither. `contents` are the
    sizes of what it is made of, by hash, as far as they are known.
    """

    path: str
    size: int | None
    stage: str
    made: str | None
    used: str | None
    in_place: bool
    cached: Cached
    md5: str
    contents: Mapping[str, int] = field(repr=False)


def artifacts(directory: Path) -> list[Artifact]:
    """Every artifact of a workspace, by path. Raises LineageError if nothing is built."""
    from snakemake_executor_plugin_dvc.ledger import Ledger
    from snakemake_executor_plugin_dvc.objects import Objects

    entries = lineage.entries(directory)
    cache = workspace.cache_folder(directory)
    ledger, objects = Ledger(cache), Objects(cache)
    made = {key: str(record["started"]) for key, record in ledger.made().items()}
    used = defaultdict(str, made)
    for started, _, keys in ledger.restored_in():
        for key in keys:
            used[key] = max(used[key], started)
    found = []
    for stage, entry in entries.items():
        key = lineage.key(entry)
        known = (cache / "runs" / key[:2] / key).is_dir()
        for out in entry["outs"]:
            contents = _contents(out["md5"], objects)
            size = out.get("size", sum(contents.values()) if contents else None)
            found.append(
                Artifact(
                    path=out["path"],
                    size=size,
                    stage=stage,
                    made=made.get(key),
                    used=used.get(key) or None,
                    in_place=os.path.lexists(directory / out["path"]),
                    cached="cached" if contents is not None else "evicted" if known else "not cached",
                    md5=out["md5"],
                    contents={out["md5"]: size or 0} if contents is None else contents,
                )
            )
    return sorted(found, key=lambda artifact: artifact.path)


def _contents(oid: str, objects: "Objects") -> dict[str, int] | None:
    """The sizes of an object's files (its own, for a file) by hash; None unless all of them are in the cache."""
    try:
        members = {md5 for md5, _ in objects.files(oid).values()} if oid.endswith(".dir") else {oid}
        return {md5: os.stat(objects.path(md5)).st_size for md5 in members}
    except (OSError, ValueError):
        return None


def ordered(found: Iterable[Artifact], sort: str) -> list[Artifact]:
    """The largest, the last used or the first by name first."""
    by_path = sorted(found, key=lambda artifact: artifact.path)
    if sort == "size":
        return sorted(by_path, key=lambda artifact: -(artifact.size or 0))
    if sort == "used":
        return sorted(by_path, key=lambda artifact: artifact.used or "", reverse=True)
    return by_path


def total(found: Iterable[Artifact]) -> dict[str, Any]:
    """How many artifacts, their bytes, and the bytes of what differs: equal files count once."""
    found = list(found)
    distinct = {md5: size for artifact in found for md5, size in artifact.contents.items()}
    return {
        "artifacts": len(found),
        "size": sum(artifact.size or 0 for artifact in found),
        "distinct_size": sum(distinct.values()),
    }
