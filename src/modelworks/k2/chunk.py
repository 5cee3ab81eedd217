"""Fill the rows of one chunk of the training sequence with their tokens."""

import polars

from modelworks.lm import order
from modelworks.lm.packing import load_shard, write_rows
from modelworks.stage import Stage


def main(stage: Stage) -> None:
    """Inputs: order (the chunk's pieces), tokens (of all training texts). Output: rows (safetensors of `packing`)."""
    table = polars.read_parquet(stage.input("order"))
    shards = {path.stem: load_shard(path) for path in stage.inputs["tokens"]}
    write_rows(stage.output("rows"), order.fill(table, {name: shard.document for name, shard in shards.items()}))
