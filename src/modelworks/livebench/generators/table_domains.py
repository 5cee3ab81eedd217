"""What the tables are about: for each domain its columns, how they are also called, and how their values are drawn."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from modelworks.livebench.generators.values import clock, code, decimal, iso_date, listed_person, person, place
from modelworks.livebench.lexicon import words

Draw = Callable[[Random], str]
# The kinds of values that need nothing to be told.
_DRAWS: dict[str, Draw] = {"clock": clock, "date": iso_date, "listed": listed_person, "person": person, "place": place}


@dataclass(frozen=True)
class Column:
    """A column: its name, another name, a short one, and its values as text; numbers are written as numbers.

    Columns of one `pool` share values.
    """

    name: str
    other: str
    short: str
    draw: Draw
    pool: str

    @property
    def is_number(self) -> bool:
        """Whether its values are numbers."""
        return self.pool.startswith("number")


@dataclass(frozen=True)
class Domain:
    """What a table lists, and its columns: the first identifies a row."""

    lists: str
    columns: tuple[Column, ...]


def records_of(rng: Random, columns: list[Column], count: int, few: bool = False) -> list[dict[str, str]]:
    """Rows as values by column. Dates stand in the order of their columns in the domain.

    With `few`, columns of one pool share a few more values than there are rows, so that they overlap.
    """
    pools = [column.pool for column in columns]
    values = {
        column.pool: [column.draw(rng) for _ in range(count + 4)]
        for column in columns
        if few and pools.count(column.pool) > 1
    }
    records = []
    for _ in range(count):
        row = {one.name: rng.choice(values[one.pool]) if one.pool in values else one.draw(rng) for one in columns}
        dated = [one.name for domain in DOMAINS for one in domain.columns if one.pool == "date" and one.name in row]
        row.update(zip(dated, sorted(row[name] for name in dated), strict=True))
        records.append(row)
    return records


def _column(name: str, other: str, short: str, kind: str, *of: Any) -> Column:
    """A column as `words/table_domains.yaml` writes it."""
    if kind in _DRAWS:
        return Column(name, other, short, _DRAWS[kind], kind)
    draws: dict[str, tuple[Draw, str]] = {
        "code": (lambda rng: code(rng, of[0]), "code"),
        "whole": (lambda rng: str(rng.randint(*of)), "number"),
        "real": (lambda rng: decimal(rng, *of), "number"),
        "one_of": (lambda rng: str(rng.choice(of)), "of"),
    }
    draw, pool = draws[kind]
    return Column(name, other, short, draw, " ".join([pool, *map(str, of[:1] if kind == "one_of" else of)]))


DOMAINS = tuple(
    Domain(lists, tuple(_column(*column) for column in columns)) for lists, columns in words("table_domains").items()
)
