"""Where training text holds the runs of words that tell questions: looked up once for a corpus, whoever read it.

What a model has read of the corpus decides what it has seen; that is counted from this table (`shares`).
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import polars

from modelworks.livebench import question
from modelworks.livebench.seen_grams import Search, Wording, wordings
from modelworks.lm.stable import write_parquet
from modelworks.lm.tables import row_groups
from modelworks.stage import Stage

DOCUMENT = {"text": polars.String, "document": polars.Int64}
_RUN = {"size": polars.Int64, "run": polars.UInt64}
_TOGETHER = 256


def main(stage: Stage) -> None:
    """Inputs: questions (of the release and of all before it, which show what is template text), corpus.

    Output: seen (`table`, of the questions of the last file).
    """
    words = stage.params["livebench"]["contamination"]["ngram_words"]
    known = [question.read(path) for path in stage.inputs["questions"]]
    told = wordings([one for some in known for one in some], words)
    mine = {one.question_id: told[one.question_id] for one in known[-1]}
    write_parquet(stage.output("seen"), table(mine, stage.inputs["corpus"]))


def table(told: dict[str, list[Wording]], corpus: Sequence[Path]) -> polars.DataFrame:
    """A row for each place of each run: question_id, wording (from 0), size, run, text (the file), document (its row).

    A run that no file holds has one row, with text and document null. Memory grows with what is found, not with what is
    read.
    """
    search = Search(one for some in told.values() for one in some)
    return located(told, search, ((path.stem, _blocks(path)) for path in corpus))


def located(
    told: dict[str, list[Wording]], search: Search, texts: Iterable[tuple[str, Iterable[Sequence[str]]]]
) -> polars.DataFrame:
    """The table of texts that are given by name, block by block."""
    schema = {"clue": polars.Int64, **DOCUMENT}
    parts = [polars.DataFrame(schema=schema)]
    for name, blocks in texts:
        first = 0
        for block in blocks:
            found = search.find(block)
            parts.append(
                polars.DataFrame(
                    {"clue": found[:, 0], "text": [name] * len(found), "document": first + found[:, 1]}, schema=schema
                )
            )
            first += len(block)
    places = polars.concat(parts)
    clues = polars.DataFrame(search.clues, schema=_RUN, orient="row").with_row_index("clue")
    places = places.join(clues.with_columns(polars.col("clue").cast(polars.Int64)), on="clue").drop("clue")
    return _runs(told).join(places, on=list(_RUN), how="left", maintain_order="left_right")


def shares(seen: polars.DataFrame, read: polars.DataFrame | None = None) -> dict[str, float]:
    """For each question the share of its runs that stands in text that was read: of the wording of which most does.

    `read`: text and document of what was read; None: everything.
    """
    held = polars.col("document").is_not_null()
    if read is not None:
        seen = seen.join(read.select(*DOCUMENT, read=True).unique(), on=list(DOCUMENT), how="left")
        held &= polars.col("read").is_not_null()
    by_run = seen.group_by("question_id", "wording", "run").agg(held.any().alias("held"))
    by_wording = by_run.group_by("question_id", "wording").agg(polars.col("held").mean())
    found = by_wording.group_by("question_id").agg(polars.col("held").max())
    return dict(found.iter_rows())


def _runs(told: dict[str, list[Wording]]) -> polars.DataFrame:
    rows = [
        (name, number, wording.size, run)
        for name, some in told.items()
        for number, wording in enumerate(some)
        for run in sorted(wording.runs)
    ]
    return polars.DataFrame(rows, schema={"question_id": polars.String, "wording": polars.Int64, **_RUN}, orient="row")


def _blocks(path: Path) -> Iterator[list[str]]:
    for rows in row_groups(path, ["text"]):
        texts = rows.column("text")
        for begin in range(0, len(texts), _TOGETHER):
            yield texts.slice(begin, _TOGETHER).to_pylist()
