"""The runs of words of the training text, as a sorted table of hashes."""

from collections.abc import Iterator
from pathlib import Path

from pyarrow import parquet

from modelworks.lm.grams import Hashes, grams, write_table
from modelworks.stage import Stage


def main(stage: Stage) -> None:
    """Inputs: texts (the training text's Parquet files). Output: table. The arg `words` is the length of a run."""
    words = int(stage.args["words"])
    count = write_table(stage.output("table"), _hashes(stage.inputs["texts"], words))
    stage.say(f"{count} different runs of {words} words")


def _hashes(paths: list[Path], words: int) -> Iterator[Hashes]:
    for path in paths:
        with parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=256, columns=["text"]):
                yield from (grams(text, words) for text in batch.column(0).to_pylist())
