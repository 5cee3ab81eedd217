"""Put the logs of all segments into one table."""

import polars

from modelworks.lm.stable import write_parquet
from modelworks.stage import Stage


def main(stage: Stage) -> None:
    """Input: logs (of the segments, in order). Output: log (Parquet)."""
    write_parquet(stage.output("log"), polars.concat([polars.read_parquet(path) for path in stage.inputs["logs"]]))
