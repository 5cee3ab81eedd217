"""The lineage of an artifact: every stage and every file that it was made from, down to raw data, with hashes.

Read from dvc.lock, so it is that of what was last built; nothing is built and no rule is read.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from pathlib import Path, PurePosixPath
from typing import Any

from modelworks.build import plain_yaml
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
        return key(self.stages[stage])


def key(entry: Entry) -> str:
    """The run-cache key of a stage's entry in dvc.lock."""
    from snakemake_executor_plugin_dvc.key import Key

    deps = tuple(dict(dep) for dep in entry.get("deps") or [])
    params = (entry.get("params") or {}).get("params.yaml") or {}
    return Key(entry["cmd"], deps, params, tuple(out["path"] for out in entry["outs"])).digest


def of(directory: Path, target: str) -> Lineage:
    """The lineage of an artifact or a stage. Raises LineageError, naming what is near."""
    known = entries(directory)
    makers = _makers(known)
    start = target if target in known else _maker(target, makers)
    if start is None:
        raise LineageError(f"{target}: dvc.lock knows no such artifact or stage{_near(target, [*known, *makers])}")
    return behind(target, known, [start])


def behind(target: str, known: Mapping[str, Entry], starts: Iterable[str]) -> Lineage:
    """The lineage of some stages among those that are known, called `target`. Raises LineageError for a cycle."""
    makers = _makers(known)
    lineage, before = Lineage(target), dict[str, list[str]]()
    pending = list(starts)
    while pending:
        stage = pending.pop()
        if stage in before:
            continue
        before[stage] = []
        for dep in known[stage].get("deps") or []:
            maker = _maker(dep["path"], makers)
            if maker is None:
                lineage.raw[dep["path"]] = dep["md5"]
            else:
                before[stage].append(maker)
            lineage.edges.add((maker or dep["path"], stage))
        pending += before[stage]
    in_order = {stage: before[stage] for stage in known if stage in before}
    try:
        lineage.stages = {stage: known[stage] for stage in TopologicalSorter(in_order).static_order()}
    except CycleError as error:  # entries of graphs of different times
        raise LineageError(
            f"dvc.lock: stages need each other: {', '.join(error.args[1])}. Build {target} again"
        ) from None
    return lineage


def entries(directory: Path) -> dict[str, Entry]:
    """The stages of a workspace's dvc.lock. Raises LineageError if there is none that can be read."""
    try:
        stages = _load((directory / "dvc.lock").read_text(encoding="utf-8")).get("stages") or {}
    except (OSError, ValueError) as error:
        raise LineageError(f"{directory / 'dvc.lock'}: cannot be read: {error}. Build first") from None
    # The stage `code` makes the fingerprints, which count as raw data here: their sources lie in the repository.
    return {name: entry for name, entry in stages.items() if entry.get("deps")}


def _load(text: str) -> dict[str, Any]:
    """YAML as DVC reads it: by the reader for plain data, twenty times as fast as DVC's, where that finds no fault."""
    from snakemake_executor_plugin_dvc.lockyaml import load_yaml

    document = plain_yaml.parse(text)
    return load_yaml(text) if document.faults or not isinstance(document.data, dict) else document.data


def _makers(known: Mapping[str, Entry]) -> dict[str, str]:
    return {out["path"]: name for name, entry in known.items() for out in entry["outs"]}


def _maker(path: str, makers: Mapping[str, str]) -> str | None:
    """The stage that makes a path, or the directory that it lies in."""
    normal = PurePosixPath(path)
    return next((makers[str(part)] for part in (normal, *normal.parents) if str(part) in makers), None)


def _near(name: str, known: list[str]) -> str:
    from modelworks.build.allowed import nearest

    near = nearest(name, known)
    return f"; the nearest is {near}" if near else ""
