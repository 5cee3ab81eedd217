"""Whether an artifact can be made again byte for byte: its whole lineage is built anew, with a cache that is empty."""

import itertools
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from modelworks.build import lineage, plan, workspace
from modelworks.build.errors import ModelworksError
from modelworks.build.params import FILE as PARAMS

Verdict = Literal["same", "differs", "follows", "cannot compare"]
_BLOCK = 1 << 20


class VerifyError(ModelworksError):
    """A target that is not up to date, or whose rebuilding fails."""


@dataclass(frozen=True)
class Compared:
    """One stage: whether the same inputs have given the same bytes. `follows`: its inputs are others already."""

    stage: str
    verdict: Verdict
    what: str = ""


def verify(directory: Path, target: str, options: Sequence[str] = (), place: Path | None = None) -> list[Compared]:
    """Build what is behind a target in a workspace below `place`, and compare stage by stage, inputs first.

    `options` go to Snakemake. Raises VerifyError and LineageError.
    """
    root = workspace.find_root(directory)
    behind = lineage.of(directory, target)
    wanted = [target] if target not in behind.stages else [out["path"] for out in behind.stages[target]["outs"]]
    steps = plan.steps(root / "Snakefile", directory, frozenset(wanted))
    stale = [step.name for step in steps if step.verdict != "restore"]
    if stale:
        raise VerifyError(f"{target} is not up to date: {stale[0]} would run: build it first")
    with tempfile.TemporaryDirectory(prefix="modelworks-verify-", dir=place) as name:
        fresh = Path(name, "workspace")
        workspace.create(root, fresh, base=directory / PARAMS)
        _use_own_cache(fresh)
        command = [str(Path(sys.executable).with_name("snakemake")), "--directory", str(fresh), *options, "--", *wanted]
        if subprocess.run(command, cwd=root, stdout=sys.stderr, check=False).returncode:
            raise VerifyError(f"{target}: could not be built anew: see above. Nothing was compared")
        return list(_compare(directory, behind, fresh, lineage.of(fresh, target)))


def _use_own_cache(folder: Path) -> None:
    """Nothing that was built before is found by a build in this workspace."""
    from dvc.config import Config

    for level in ("repo", "local"):
        with Config(dvc_dir=str(folder / ".dvc")).edit(level) as config:
            config["cache"].pop("dir", None)
            config["core"].pop("remote", None)
            config["remote"].clear()


def _compare(old: Path, before: lineage.Lineage, new: Path, after: lineage.Lineage) -> Iterator[Compared]:
    from snakemake_executor_plugin_dvc.ledger import Ledger

    caches = [workspace.cache_folder(folder) for folder in (old, new)]
    ledgers = [Ledger(cache).made() for cache in caches]
    for name, entry in before.stages.items():
        again = after.stages.get(name)
        if again is None or _recipe(entry, before) != _recipe(again, after):
            raise VerifyError(f"{name} is not what the rules, values and raw data make now: build it first")
        first = _difference([entry, again], caches)
        if first is None:
            yield Compared(name, "same")
            continue
        if _inputs(entry) != _inputs(again):
            yield Compared(name, "follows", first)
            continue
        devices = [
            made.get(lines.key(name), {}).get("device") for made, lines in zip(ledgers, (before, after), strict=True)
        ]
        if devices[0] != devices[1] or devices[0] is None:
            made, remade = (device or "an unknown device" for device in devices)
            yield Compared(name, "cannot compare", f"made on {made}, here on {remade}; {first}")
        else:
            yield Compared(name, "differs", first)


def _recipe(entry: Mapping[str, Any], behind: lineage.Lineage) -> list[Any]:
    """What a stage is made from, without what other stages make."""
    raw = {path: md5 for path, md5 in _inputs(entry).items() if path in behind.raw}
    return [entry["cmd"], raw, sorted(_inputs(entry)), entry.get("params") or {}]


def _inputs(entry: Mapping[str, Any]) -> dict[str, str]:
    return {dep["path"]: dep["md5"] for dep in entry["deps"]}


def _difference(entries: Sequence[Mapping[str, Any]], caches: Sequence[Path]) -> str | None:
    """The first output of a stage that is not the same, as near as the objects show it."""
    outs = [{out["path"]: out["md5"] for out in entry["outs"]} for entry in entries]
    for path, md5 in outs[0].items():
        if outs[1].get(path) != md5:
            return _nearer(path, [md5, outs[1][path]], caches) if path in outs[1] else f"{path} is not made any more"
    return None


def _nearer(path: str, oids: Sequence[str], caches: Sequence[Path]) -> str:
    """Which file of a directory, and which byte of a file."""
    from snakemake_executor_plugin_dvc.objects import Objects

    stores = [Objects(cache) for cache in caches]
    try:
        if oids[0].endswith(".dir"):
            members = [store.files(oid) for store, oid in zip(stores, oids, strict=True)]
            for name in sorted(members[0].keys() | members[1].keys()):
                if name not in members[0] or name not in members[1]:
                    return f"{path}/{name} is made by one build alone"
                if members[0][name] != members[1][name]:
                    return _nearer(f"{path}/{name}", [files[name][0] for files in members], caches)
        paths = [store.path(oid) for store, oid in zip(stores, oids, strict=True)]
        return f"{path} differs from byte {_first_byte(paths[0], paths[1])}"
    except (OSError, ValueError):
        return f"{path} differs (the old object is not in the cache)"


def _first_byte(one: Path, other: Path) -> int:
    """The position of the first byte that differs, or the length of the shorter file."""
    with one.open("rb") as first, other.open("rb") as second:
        for start in itertools.count(0, _BLOCK):
            blocks = first.read(_BLOCK), second.read(_BLOCK)
            if blocks[0] != blocks[1] or not blocks[0]:
                same = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(*blocks, strict=False))
                return start + sum(1 for _ in same)
    raise AssertionError
