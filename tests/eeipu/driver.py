"""A sweep's driver as a process of its own, for tests that stop it: `python -m tests.eeipu.driver ROOT`: one trial."""

import json
import sys
from pathlib import Path

from modelworks.eeipu.accounts import Clock
from modelworks.eeipu.builds import BuildPipeline, Means

from . import diamond

VALUES = {diamond.VOCAB: 700, diamond.WARMUP: 20, diamond.HORIZON: 1, diamond.TOKENS: 2}
NUMBER = 70


def main() -> int:
    pipeline = BuildPipeline(diamond.tuned(Path(sys.argv[1])), Means(clock=Clock("synthetic")))
    try:
        outcome = pipeline.run(NUMBER, VALUES, pipeline.foresee(VALUES))
        sys.stdout.write(json.dumps({stage.stage: stage.ran for stage in outcome.stages}))
        return 0
    except KeyboardInterrupt:
        return 130
    finally:
        pipeline.close()


if __name__ == "__main__":
    sys.exit(main())
