"""The lineage of an artifact: every stage and every file that it was made from, down to raw data, with hashes.

Read from dvc.lock, so it is that of what was last built; nothing is built and no rule is read.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from modelworks.build.errors import ModelworksError

Entry = Mapping[str, Any]


class LineageError(ModelworksError):
    """A target that dvc.lock does not know, or no dvc.lock."""


@dataclass
class Lineage:
    """The stages behind a target, each after those it depends on, and the files that no stage makes: path -> MD5."""

    target: str
    stages: dict[str, Entry] = field(default_factory=dict)
    raw: dict[str, str] = field(default_factory=dict)
    edges: set[tuple[str, str]] = field(default_factory=set)

    def key(self, stage: str) -> str:
        """The run-cache key of a stage."""
        from snakemake_executor_plugin_dvc.key import Key

        entry = self.stages[stage]
        deps = tuple(dict(dep) for dep in entry.get("deps") or [])
        params = (entry.get("params") or {}).get("params.yaml") or {}
        return Key(entry["cmd"], deps, params, tuple(out["path"] for out in entry["outs"])).digest


def of(directory: Path, target: str) -> Lineage:
    """The lineage of an artifact or a stage. Raises LineageError, naming what is near."""
    known = entries(directory)
    makers = {out["path"]: name for name, entry in known.items() for out in entry["outs"]}
    start = target if target in known else _maker(target, makers)
    if start is None:
        raise LineageError(f"{target}: dvc.lock knows no such artifact or stage{_near(target, [*known, *makers])}")
    lineage = Lineage(target)
    _walk(start, known, makers, lineage)
    return lineage


def entries(directory: Path) -> dict[str, Entry]:
    """The stages of a workspace's dvc.lock. Raises LineageError if there is none that can be read."""
    from snakemake_executor_plugin_dvc.lockyaml import load_yaml

    try:
        stages = load_yaml((directory / "dvc.lock").read_text(encoding="utf-8")).get("stages") or {}
    except (OSError, ValueError) as error:
        raise LineageError(f"{directory / 'dvc.lock'}: cannot be read: {error}. Build first") from None
    # The stage `code` makes the fingerprints, which count as raw data here: their sources lie in the repository.
    return {name: entry for name, entry in stages.items() if entry.get("deps")}


def _walk(stage: str, known: Mapping[str, Entry], makers: Mapping[str, str], lineage: Lineage) -> None:
    if stage in lineage.stages:
        return
    for dep in known[stage]["deps"]:
        maker = _maker(dep["path"], makers)
        if maker is None:
            lineage.raw[dep["path"]] = dep["md5"]
            lineage.edges.add((dep["path"], stage))
        else:
            _walk(maker, known, makers, lineage)
            lineage.edges.add((maker, stage))
    lineage.stages[stage] = known[stage]


def _maker(path: str, makers: Mapping[str, str]) -> str | None:
    """The stage that makes a path, or the directory that it lies in."""
    normal = PurePosixPath(path)
    return next((makers[str(part)] for part in (normal, *normal.parents) if str(part) in makers), None)


def _near(name: str, known: list[str]) -> str:
    from modelworks.build.allowed import nearest

    near = nearest(name, known)
    return f"; the nearest is {near}" if near else ""
