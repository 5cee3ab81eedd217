"""What a candidate may start from: parts of good rows whose results are there to be restored.

A chain has prefixes; on the DAG of a build they are unions of the keys that groups of stages depend on, so that
fixing them fixes those groups' results. Values are copied from the rows as they are stored, never computed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Any

from modelworks.build.params import ABSENT
from modelworks.eeipu.observations import Cube
from modelworks.eeipu.parameter import identity
from modelworks.eeipu.trial import Group, Pipeline, Trial, Values

MOST_UNIONS = 64
MOST_MERGES = 8


@dataclass(frozen=True)
class Prefix:
    """Keys that are held, with the raw values of active ones; an inactive key is among `keys` only.

    `rows`: the trials that the values are of. `hits`: the groups that the memo would restore.
    """

    keys: frozenset[str]
    pinned: Mapping[str, Any]
    rows: tuple[int, ...]
    hits: frozenset[str]

    def agrees(self, values: Values, keys: Iterable[str]) -> bool:
        """Whether a candidate has this prefix's values of some keys, to the last bit."""
        return all(same(values.get(key, ABSENT), self.pinned.get(key, ABSENT)) for key in keys)


def same(a: object, b: object) -> bool:
    """Equal and of one type: 1, 1.0 and True are three values of params.yaml."""
    return a is b or (type(a) is type(b) and a == b)


def unions(groups: Sequence[Group], keys: Iterable[str], most: int = MOST_UNIONS) -> list[frozenset[str]]:
    """The unions of groups' key sets that are neither empty nor everything, smallest first; at most `most`."""
    everything = frozenset(keys)
    own = {frozenset(group.keys) for group in groups} - {frozenset(), everything}
    found: set[frozenset[str]] = set()
    for one in sorted(own, key=_order):
        found |= {one} | {one | other for other in found}
        found.discard(everything)
        found = set(sorted(found, key=_order)[:most])
    return sorted(found, key=_order)


def pool(space: Cube, groups: Sequence[Group], rows: Sequence[Trial], pipeline: Pipeline) -> list[Prefix]:
    """The empty prefix, those of each row, and those of two rows that agree where they meet; distinct values once.

    `rows`: best first. What is restored is asked of the memo, now: a prefix whose objects are gone hits nothing.
    """
    found: dict[tuple[frozenset[str], str], Prefix] = {}

    def add(keys: frozenset[str], values: Values, source: tuple[int, ...], hits: frozenset[str]) -> None:
        pinned = {key: values[key] for key in space.keys if key in keys and key in values}
        held = frozenset(group.name for group in groups if group.name in hits and keys.issuperset(group.keys))
        found.setdefault((keys, identity(pinned)), Prefix(keys, pinned, source, held))

    sets = unions(groups, space.keys)
    seen = [pipeline.foresee(row.values).hits for row in rows]
    add(frozenset(), {}, (), seen[0] if seen else frozenset())
    for row, hits in zip(rows, seen, strict=True):
        for keys in sets:
            add(keys, row.values, (row.number,), hits)
    for keys, values, source in merges(space, sets, rows):
        add(keys, values, source, pipeline.foresee(values).hits)
    return list(found.values())


def merges(
    space: Cube, sets: Sequence[frozenset[str]], rows: Sequence[Trial], most: int = MOST_MERGES
) -> list[tuple[frozenset[str], dict[str, Any], tuple[int, int]]]:
    """Keys, full values and rows of what one row has on some keys and another on others, best rows first.

    The rows agree on the keys that both sets have. All keys may be held: then only what joins the two is left to run.
    """
    found = []
    seen = {identity(row.values) for row in rows}
    for first, second in permutations(rows, 2):
        for mine in sets:
            for theirs in sets:
                if mine <= theirs or theirs <= mine or _order(theirs) < _order(mine):
                    continue
                if not all(_agree(first, second, key) for key in mine & theirs):
                    continue
                values = _merged(space, first, second, theirs)
                if values is None or identity(values) in seen:
                    continue
                seen.add(identity(values))
                found.append((mine | theirs, values, (first.number, second.number)))
                if len(found) == most:
                    return found
    return found


def _agree(first: Trial, second: Trial, key: str) -> bool:
    return same(first.values.get(key, ABSENT), second.values.get(key, ABSENT))


def _merged(space: Cube, first: Trial, second: Trial, theirs: frozenset[str]) -> dict[str, Any] | None:
    """The first row with the second's values of some keys, None if other keys would then be active."""
    source = {key: (second if key in theirs else first).values for key in space.keys}
    values = {key: source[key][key] for key in space.keys if key in source[key]}
    return values if set(space.from_unit(space.to_unit(values))) == set(values) else None


def _order(keys: frozenset[str]) -> tuple[int, list[str]]:
    return len(keys), sorted(keys)
