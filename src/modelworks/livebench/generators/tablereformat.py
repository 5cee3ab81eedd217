"""Table reformat: the same table in another of six formats. Levels by the size of the table and by the formats."""

from datetime import date
from math import factorial
from random import Random

from modelworks.livebench.generators.drawing import collect, make
from modelworks.livebench.generators.partition import is_of_release
from modelworks.livebench.generators.table_domains import DOMAINS, records_of
from modelworks.livebench.generators.table_formats import WRITERS, Table
from modelworks.livebench.question import Question

TASK = "tablereformat"
CATEGORY = "data_analysis"
LEVELS = (1, 2, 3)

_FORMATS = {1: ("CSV", "TSV", "JSON", "JSONL"), 2: tuple(WRITERS), 3: tuple(WRITERS)}
_COLUMNS = {1: (2, 3), 2: (4, 5), 3: (7, 9)}
_ROWS = {1: (3, 4), 2: (5, 7), 3: (9, 13)}
_OPENINGS = (
    "",
    "The table lists {}.",
    "Below is a table of {}.",
    "A colleague needs this table of {} in another format.",
)


def generate(seed: int, level: int, count: int, release: date) -> list[Question]:
    """`count` distinct questions of a level; those of releases of different months are disjoint."""
    return collect(TASK, LEVELS, seed, level, count, release, lambda rng: _draw(rng, level, release))


def _draw(rng: Random, level: int, release: date) -> Question | None:
    domain = rng.choice(DOMAINS)
    key, *others = domain.columns
    columns = rng.sample([key, *others], rng.randint(*_COLUMNS[level]))
    if level > 1 and key not in columns:
        columns[0] = key
    if level == 3 and (listed := [one for one in others if one.pool == "listed"]) and listed[0] not in columns:
        columns[-1] = listed[0]
    rows = [tuple(record.values()) for record in records_of(rng, columns, rng.randint(*_ROWS[level]))]
    if len(set(rows)) < len(rows) or not is_of_release(release, TASK, rows):
        return None
    names = tuple(column.name for column in columns)
    table = Table(names, tuple(column.is_number for column in columns), tuple(rows))
    source, target = rng.sample(_FORMATS[level], 2)
    opening = rng.choice(_OPENINGS).format(domain.lists)
    ask = f"Please convert the Input Table from {source} format to {target} format. Please respond only with the table."
    head = f"{opening} {ask}".strip() + f"\nSource Format: {source}\nTarget Format: {target}\n"
    text = f"{head}Input Table:\n{WRITERS[source](table)}\nOutput:\n"
    truth = WRITERS[target](table)
    template = f"{head}Input Table:\nTABLE\nOutput:\n"
    stem = f"{source}:\n{WRITERS[source](table)}\n{target}:\n"
    return make(TASK, CATEGORY, text, truth, release, level, template, stem=stem, rows=len(rows))


def random_answer(question: Question, rng: Random) -> str:
    """The table with its rows in any order, evenly: the form is known to a guesser, the order is not."""
    return _reordered(str(question.ground_truth), rng)


def oracle_answer(question: Question) -> str:
    """The table in the format asked for."""
    return str(question.ground_truth)


def chance(question: Question) -> float:
    """The chance that the rows of `random_answer` stand in their order."""
    return 1 / factorial(question.extra["rows"])


def _reordered(text: str, rng: Random) -> str:
    """A table that this module wrote, its rows in another order."""
    if text.startswith('{"0":'):
        records = text[1:-1].removeprefix('"0":')
        parts = []
        for index in range(1, 10**6):
            record, found, rest = records.partition(f',"{index}":' + "{")
            parts.append(record)
            if not found:
                break
            records = "{" + rest
        rng.shuffle(parts)
        return "{" + ",".join(f'"{index}":{part}' for index, part in enumerate(parts)) + "}"
    if text.startswith("<table"):
        head, body = text.split("  <tbody>\n")
        body, tail = body.split("  </tbody>")
        rows = body.split("    </tr>\n")[:-1]
        rng.shuffle(rows)
        return f"{head}  <tbody>\n" + "".join(f"{row}    </tr>\n" for row in rows) + f"  </tbody>{tail}"
    lines = text.split("\n")
    kept = 2 if text.startswith("|") else 0 if text.startswith("{") else 1
    rows = lines[kept:]
    rng.shuffle(rows)
    return "\n".join([*lines[:kept], *rows])
