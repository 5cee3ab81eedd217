"""Table join: which column of table A is which column of table B, when the names no longer tell.

Table B holds some rows of the records of table A, and at higher levels rows of its own. Levels by the number of
columns and rows, by how much the new names tell (another name, a short one, none), and by values that columns share.
"""

from dataclasses import dataclass
from datetime import date
from random import Random

from modelworks.livebench.generators.drawing import collect
from modelworks.livebench.generators.partition import is_of_release
from modelworks.livebench.generators.table_domains import DOMAINS, Column, Domain, records_of
from modelworks.livebench.generators.table_formats import separated
from modelworks.livebench.question import Question, question_id

TASK = "tablejoin"
CATEGORY = "data_analysis"
LEVELS = (1, 2, 3)

Record = dict[str, str]  # value by column


@dataclass(frozen=True)
class _Size:
    """Columns that both tables have, that only one has, and rows: of A, of both, of B alone."""

    both: tuple[int, int]
    only: int
    rows: tuple[int, int]
    shared: tuple[int, int]
    new: tuple[int, int]


_SIZES = {
    1: _Size((2, 3), 0, (4, 5), (3, 4), (0, 0)),
    2: _Size((3, 4), 1, (6, 8), (4, 5), (1, 2)),
    3: _Size((4, 5), 2, (9, 12), (6, 7), (2, 4)),
}
_OPENINGS = (
    "Both tables list {}.",
    "Two files about {} came from different departments.",
    "The tables below hold data on {}.",
    "Table A and table B were exported from two systems; both are about {}.",
    "Someone renamed the columns of a table of {}.",
)
_SHARED = (
    "{} of the records are in both tables.",
    "The tables have {} records in common.",
    "Of the rows of table B, {} are records of table A too.",
    "Exactly {} records occur in A and in B.",
)
_ASK = (
    "Please create a valid join mapping between CSV Table A and CSV Table B. Each column in A maps to 0 or 1 columns "
    "in B. Return your response as a Python dictionary, formatted as {col_name in df_a : col_name in df_b}. "
    "Please return only the dictionary."
)


def generate(seed: int, level: int, count: int, release: date) -> list[Question]:
    """`count` distinct questions of a level; those of releases of different months are disjoint."""
    return collect(TASK, LEVELS, seed, level, count, release, lambda rng: _draw(rng, level, release))


def _draw(rng: Random, level: int, release: date) -> Question | None:
    size = _SIZES[level]
    domain = rng.choice(DOMAINS)
    both, only_a, only_b = _columns(rng, domain, size)
    of_a, shared, new = (rng.randint(*bounds) for bounds in (size.rows, size.shared, size.new))
    records = records_of(rng, [*both, *only_a, *only_b], of_a + new, few=level == 3)
    rows_a, rows_b = records[:of_a], [*rng.sample(records[:of_a], shared), *records[of_a:]]
    rng.shuffle(rows_b)
    columns_a, columns_b = [*both, *only_a], [*both, *only_b]
    rng.shuffle(columns_a)
    rng.shuffle(columns_b)
    names_b = _renamed(rng, columns_b, level)
    if set(names_b.values()) & {column.name for column in columns_a}:
        return None
    table_a = separated(
        [[one.name for one in columns_a], *([row[one.name] for one in columns_a] for row in rows_a)], ","
    )
    table_b = separated(
        [[names_b[one.name] for one in columns_b], *([row[one.name] for one in columns_b] for row in rows_b)], ","
    )
    tables = f"CSV Table A:\n{table_a}\nCSV Table B:\n{table_b}\nOutput:\n"
    if not is_of_release(release, TASK, tables) or not _is_clear(rows_a, rows_b, columns_a, columns_b, shared):
        return None
    truth = {one.name: names_b[one.name] for one in columns_a if one in columns_b}
    head = f"{rng.choice(_OPENINGS).format(domain.lists)} {rng.choice(_SHARED)}"
    text = f"{head.format(shared)} {_ASK}\n{tables}"
    template = f"{head.format('NUMBER')} {_ASK}\nCSV Table A:\nTABLE\nCSV Table B:\nTABLE\nOutput:\n"
    columns = {"columns_a": [one.name for one in columns_a], "columns_b": [names_b[one.name] for one in columns_b]}
    extra = {"level": level, "template": template, "stem": tables, "shared_rows": shared, **columns}
    return Question(question_id(TASK, [text], truth), CATEGORY, TASK, [text], truth, release, extra=extra)


def _columns(rng: Random, domain: Domain, size: _Size) -> tuple[list[Column], list[Column], list[Column]]:
    """The columns of both tables, of A alone and of B alone; two of one kind, if any, among those of both."""
    key, *others = rng.sample(domain.columns[:1], 1) + rng.sample(domain.columns[1:], len(domain.columns) - 1)
    others.sort(key=lambda one: one.pool not in ("date", "place", "person"))
    pair = [one for one in others if one.pool == others[0].pool][:2] if size.only else []
    rest = [one for one in others if one not in pair]
    rng.shuffle(rest)
    both = [key, *pair, *rest][: rng.randint(*size.both)]
    left = [one for one in [*pair, *rest] if one not in both]
    return both, left[: size.only], left[size.only : 2 * size.only]


def _is_clear(
    rows_a: list[Record], rows_b: list[Record], columns_a: list[Column], columns_b: list[Column], shared: int
) -> bool:
    """Whether every wrong pair of columns agrees in fewer rows of B than are shared, and no row of A is there twice."""
    for one in columns_a:
        values = {row[one.name] for row in rows_a}
        for other in columns_b:
            agreeing = sum(row[other.name] in values for row in rows_b)
            if one is not other and agreeing >= shared:
                return False
    return len({tuple(row[one.name] for one in columns_a) for row in rows_a}) == len(rows_a)


def _renamed(rng: Random, columns: list[Column], level: int) -> dict[str, str]:
    if level == 1:
        return {one.name: one.other for one in columns}
    if level == 2:
        return {one.name: one.short for one in columns}
    numbers = rng.sample(range(10, 100), len(columns))
    return {one.name: f"c{number}" for one, number in zip(columns, numbers, strict=True)}


def random_answer(question: Question, rng: Random) -> str:
    """As many pairs as there can be, each column at most once, evenly drawn."""
    columns_a, columns_b = list(question.extra["columns_a"]), list(question.extra["columns_b"])
    count = min(len(columns_a), len(columns_b))
    return str(dict(zip(rng.sample(columns_a, count), rng.sample(columns_b, count), strict=True)))


def oracle_answer(question: Question) -> str:
    """The mapping, as Python writes a dictionary."""
    return str(dict(question.ground_truth))


def chance(question: Question) -> float:
    """The expected F1 of `random_answer`, before the scorer's rounding to two places.

    Of k drawn pairs and g right ones F1 is 2 tp / (k + g), and a right pair is drawn with probability k / (|A| |B|).
    """
    a, b, right = len(question.extra["columns_a"]), len(question.extra["columns_b"]), len(question.ground_truth)
    drawn = min(a, b)
    return 2 * right * drawn / (a * b) / (drawn + right)
