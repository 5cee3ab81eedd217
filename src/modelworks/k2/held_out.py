"""Write the validation text of one shard: its documents without repeated paragraphs, cut into sections."""

from modelworks.k2.plan import CORPUS, Plan, rows
from modelworks.lm.corpus import VALIDATION
from modelworks.lm.tables import TableWriter
from modelworks.stage import Stage


def main(stage: Stage) -> None:
    """Inputs: text (of this shard), parts, repeats (of all buckets). Output: validation (Parquet)."""
    with TableWriter(stage.output("validation"), CORPUS, 3) as writer:
        for found in Plan(stage).sections(VALIDATION):
            writer.write(rows(found))
