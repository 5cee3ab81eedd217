"""What a candidate would find in the cache: every stage of it asked of the executor's own look-up, before it is built.

No key is made here. The look-up is that of a workspace with the sweep's base values; what the stages read besides
(sources, fingerprints, data) is there under the same relative names as in a trial.
"""

import contextlib
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from modelworks.build import fingerprint, params
from modelworks.eeipu.stages import Graph
from modelworks.eeipu.trial import Foresight, Group, Values, Verdict
from snakemake_executor_plugin_dvc.answers import Hit
from snakemake_executor_plugin_dvc.key import PARAMS_FILE, NotMemoized
from snakemake_executor_plugin_dvc.lockyaml import load_yaml
from snakemake_executor_plugin_dvc.lookup import LookUp

_FRESH_S = 1.0


class Seer:
    """Foresees candidates of one shape in a workspace that has it, which becomes the working directory.

    It is of no use to several threads: the working directory is the process's.
    """

    def __init__(self, graph: Graph, groups: Sequence[Group], directory: Path) -> None:
        self._graph = graph
        self._groups = groups
        self._directory = directory
        os.chdir(directory)
        self._base = load_yaml(Path(PARAMS_FILE).read_text(encoding="utf-8"))
        self._look_up = LookUp(download=False)
        self._refreshed = time.monotonic()

    def foresee(self, values: Values) -> Foresight:
        """What would be restored now. Raises LookupError for a key that params.yaml lacks."""
        os.chdir(self._directory)
        if time.monotonic() - self._refreshed > _FRESH_S:  # code that has been edited since has other fingerprints
            fingerprint.refresh()
            self._refreshed = time.monotonic()
        at = time.time()
        verdicts = walk(self._graph, self._look_up, params.overlaid(self._base, values))
        hits = frozenset(
            group.name
            for group in self._groups
            if all(verdicts.get(name, "restore") == "restore" for name in group.stages)
        )
        return Foresight(verdicts, hits, at)


def walk(graph: Graph, look_up: LookUp, content: Mapping[str, Any]) -> dict[str, Verdict]:
    """The verdict of each stage; `content` is what params.yaml would hold."""
    verdicts: dict[str, Verdict] = {}
    entries: dict[str, dict[str, Any]] = {}
    for name, stage in graph.stages.items():
        if any(verdicts[other] != "restore" for other in stage.before):
            verdicts[name] = "perhaps"
            continue
        verdicts[name] = "run"
        if isinstance(stage.spec, NotMemoized):
            continue
        with contextlib.suppress(OSError):  # an input that cannot be read: the build does not memoize that job
            answer = look_up.answer(stage.spec, entries, content)
            if isinstance(answer, Hit):
                entries |= {out["path"]: out for out in answer.outs}
                verdicts[name] = "restore"
    return verdicts
