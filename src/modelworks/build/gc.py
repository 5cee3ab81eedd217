"""Keeps a cache below a size: evicts the results that are cheapest to rebuild for their size.

The records of keys stay, and the lists of directories' files: a stage whose inputs were evicted is still found, and an
evicted result is a miss of its own stage alone. What no stage can rebuild is never evicted.
"""

import contextlib
import gc as garbage
import math
import os
import shutil
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from modelworks.build import pins as pinning
from modelworks.build.errors import ModelworksError

_ABANDONED_S = 14 * 24 * 3600
_UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}


class SizeError(ModelworksError):
    """A size that cannot be read."""


@dataclass(frozen=True)
class Result:
    """One result of a key: the first path, the objects that hold it, and what it would cost to make it again."""

    key: str
    path: str
    objects: tuple[str, ...]
    cost: float


@dataclass
class Plan:
    """What is in a cache, and what would go. Sizes are in bytes; `cost` sums up what the evicted results cost."""

    sizes: dict[str, int]
    pins: pinning.Pins
    pinned: int = 0
    lasting: int = 0
    waste: list[Path] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    evicted: list[str] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Of everything."""
        return sum(self.sizes.values())

    @property
    def freed(self) -> int:
        """Of what would go."""
        return sum(self.sizes[oid] for oid in self.evicted)

    @property
    def cost(self) -> float:
        """Of what would go, if all of it were built again. What nobody has noted counts nothing."""
        return sum(result.cost for result in self.results if math.isfinite(result.cost))


def parse_size(text: str) -> int:
    """Bytes of `500G`, `1.5TB` or `200GiB`. Raises SizeError."""
    unit = text.strip().lstrip("0123456789.")
    number = text.strip().removesuffix(unit)
    binary, letter = unit.upper().endswith("IB"), unit.upper().removesuffix("B").removesuffix("I")
    try:
        scale = 1024 ** list(_UNITS).index(letter) if binary else _UNITS[letter]
        return int(float(number) * scale)
    except (KeyError, ValueError):
        raise SizeError(f"--max-size {text}: must be a number with K, M, G or T (or KiB, MiB, ...)") from None


def plan(cache: Path, most: int, price: Callable[[str], float]) -> Plan:
    """What to evict so that the cache holds at most `most` bytes. `price(device)` is money for a device's hour."""
    garbage.disable()  # a million small objects, none of them in a cycle: looking for cycles would double the time
    try:
        return _plan(cache, most, price)
    finally:
        garbage.enable()


def _plan(cache: Path, most: int, price: Callable[[str], float]) -> Plan:
    plan = Plan(_sizes(cache), pinning.find(cache))
    plan.waste = _waste(cache, set(plan.pins.keys))
    over = plan.size - most
    if over <= 0:
        return plan
    results = _results(cache, plan.sizes, price)
    kept = _expanded(cache, plan.pins.objects, plan.sizes)
    leased = set(plan.pins.keys)
    kept |= {oid for result in results if result.key in leased for oid in result.objects}
    users = Counter(oid for result in results for oid in result.objects)
    plan.pinned = sum(plan.sizes[oid] for oid in kept if oid in plan.sizes)
    plan.lasting = sum(size for oid, size in plan.sizes.items() if oid not in users and oid not in kept)
    for result in sorted(results, key=lambda one: _density(one, plan.sizes)):
        if over <= 0:
            break
        loose = [oid for oid in result.objects if oid not in kept]
        if not loose:
            continue
        plan.results.append(result)
        for oid in loose:
            users[oid] -= 1
            if not users[oid]:
                plan.evicted.append(oid)
                over -= plan.sizes[oid]
    return plan


def plan_keys(cache: Path, keys: Collection[str], besides: Collection[Path], price: Callable[[str], float]) -> Plan:
    """What to evict so that what only these keys have made is gone; workspaces `besides` pin nothing.

    What is also a result of another key, built now, or pinned stays.
    """
    plan = Plan(_sizes(cache), pinning.find(cache, besides))
    results = _results(cache, plan.sizes, price)
    gone = set(keys) - set(plan.pins.keys)
    kept = _expanded(cache, plan.pins.objects, plan.sizes)
    kept |= {oid for result in results if result.key not in gone for oid in result.objects}
    plan.pinned = sum(plan.sizes[oid] for oid in kept if oid in plan.sizes)
    plan.results = [one for one in results if one.key in gone and not kept.issuperset(one.objects)]
    plan.evicted = sorted({oid for one in plan.results for oid in one.objects} - kept)
    return plan


def carry_out(cache: Path, plan: Plan) -> None:
    """Evict, but for what was pinned since. A build beside it runs what it can no longer restore."""
    from snakemake_executor_plugin_dvc.leases import Leases
    from snakemake_executor_plugin_dvc.objects import Objects

    for path in (*plan.waste, *plan.pins.gone):
        with contextlib.suppress(OSError):  # another user's
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    Leases(cache, Path.cwd()).sweep()
    store = Objects(cache)
    kept = _expanded(cache, pinning.find(cache).objects, plan.sizes)
    plan.evicted = [oid for oid in plan.evicted if oid not in kept]
    for oid in sorted(plan.evicted):  # folder by folder
        store.evict(oid)


def _density(result: Result, sizes: Mapping[str, int]) -> tuple[float, str]:
    return result.cost / max(1, sum(sizes[oid] for oid in result.objects)), result.key


def _sizes(cache: Path) -> dict[str, int]:
    """The size of each object."""
    found = {}
    for prefix in _entries(cache / "files" / "md5"):
        for entry in os.scandir(prefix.path) if prefix.is_dir() else []:
            with contextlib.suppress(FileNotFoundError):
                found[prefix.name + entry.name] = entry.stat().st_size
    return found


def _results(cache: Path, sizes: Mapping[str, int], price: Callable[[str], float]) -> list[Result]:
    """The results whose objects are there, at least some, with what they cost: infinite where no ledger knows.

    Most are in the ledger, in a few files; only keys that it does not know are read in the run-cache.
    """
    from snakemake_executor_plugin_dvc.ledger import Ledger

    found: dict[Any, tuple[str, float, dict[str, str]]] = {}
    noted = set()
    for made in Ledger(cache).ran():
        with contextlib.suppress(KeyError, TypeError, ValueError, AttributeError):
            cost = float(made["wall_s"]) / 3600 * price(str(made["device"]))
            outs = {str(path): str(oid) for path, oid in made["outs"].items()}
            if outs:
                found[made["key"], *outs.values()] = made["key"], cost, outs
                noted.add(made["key"])
    for prefix in _entries(cache / "runs"):
        for key in os.listdir(prefix.path):
            if key not in noted:
                found |= {(key, *outs.values()): (key, math.inf, outs) for outs in _recorded(f"{prefix.path}/{key}")}
    lists = _lists(cache, {oid for _, _, outs in found.values() for oid in outs.values() if oid.endswith(".dir")})
    results = []
    for key, cost, outs in found.values():
        objects = {member for oid in outs.values() for member in lists.get(oid, [oid])}
        if there := tuple(oid for oid in objects if oid in sizes and not oid.endswith(".dir")):
            results.append(Result(key, min(outs), there, cost))
    return results


def _recorded(folder: str) -> Iterator[dict[str, str]]:
    """The outputs of each entry that the run-cache has of one key."""
    from snakemake_executor_plugin_dvc.runcache import parse_entry

    with contextlib.suppress(OSError, UnicodeDecodeError):
        for entry in _entries(Path(folder)):
            if outs := parse_entry(Path(entry.path).read_text(encoding="utf-8")):
                yield {out["path"]: out["md5"] for out in outs}


def _expanded(cache: Path, oids: Iterable[str], sizes: Mapping[str, int]) -> set[str]:
    """Objects with the files of directories."""
    there = {oid for oid in oids if oid in sizes}
    lists = _lists(cache, {oid for oid in there if oid.endswith(".dir")})
    return there | {member for members in lists.values() for member in members}


def _lists(cache: Path, oids: set[str]) -> dict[str, list[str]]:
    """The files of directories; none of a list that cannot be read."""
    from snakemake_executor_plugin_dvc.objects import Objects

    store, found = Objects(cache), {}
    for oid in oids:
        with contextlib.suppress(OSError, ValueError):
            found[oid] = [member for member, _ in store.files(oid).values()]
    return found


def _waste(cache: Path, building: set[str]) -> list[Path]:
    """Damaged objects that were set aside, and the progress of stages that nobody has gone on with for two weeks."""
    found = [Path(entry.path) for entry in _entries(cache / "memo" / "damaged")]
    for entry in _entries(cache / "memo" / "scratch"):
        with contextlib.suppress(OSError):  # it goes on just now, or is another user's
            times = [path.stat().st_mtime for path in (Path(entry.path), *Path(entry.path).rglob("*"))]
            if entry.name not in building and time.time() - max(times) > _ABANDONED_S:
                found.append(Path(entry.path))
    return found


def _entries(folder: Path) -> list[Any]:
    try:
        return sorted(os.scandir(folder), key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):
        return []
