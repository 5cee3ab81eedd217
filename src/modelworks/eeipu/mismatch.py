"""Stages that were not restored or run as foreseen, and whether what others have built since explains it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from modelworks.eeipu.trial import Foresight, StageCost

_CLOCK_S = 1.0  # the ledger counts whole seconds


@dataclass(frozen=True)
class Witness:
    """What the cache says of who made what when. `records` are the ledger's, of builds that may matter."""

    cache: Path
    directory: Path
    records: Sequence[Mapping[str, Any]]

    def others_made(self, stage: StageCost, since: float) -> bool:
        """Whether another workspace made a stage's result after a moment (s since the epoch), or it was pulled."""
        if stage.key is None:
            return False
        for record in self.records:
            if record.get("key") == stage.key and record.get("workspace") != str(self.directory):
                started = datetime.strptime(record["started"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
                if started.timestamp() + record["wall_s"] + _CLOCK_S >= since:
                    return True
        if stage.ran:
            return False
        entries = (self.cache / "runs" / stage.key[:2] / stage.key).glob("*")
        return any(entry.stat().st_mtime >= since for entry in entries)


def mismatches(
    foresight: Foresight, costs: Sequence[StageCost], before: Mapping[str, Sequence[str]], witness: Witness
) -> tuple[list[str], list[str]]:
    """The stages that went another way than foreseen, one text for each: unexplained ones, explained ones.

    `before`: stage -> the stages that make its inputs. `perhaps` foresees both ways.
    """
    by_name = {stage.stage: stage for stage in costs}
    unexplained: list[str] = []
    explained: list[str] = []
    for stage in costs:
        foreseen = foresight.stages.get(stage.stage)
        if foreseen in ("perhaps", "run" if stage.ran else "restore"):
            continue
        happened = "was run" if stage.ran else "was restored"
        text = f"{stage.stage} {happened}, and {foreseen or 'nothing'} was foreseen"
        upstream = [by_name[name] for name in _behind(stage.stage, before) if name in by_name]
        others = not foresight.at or any(witness.others_made(one, foresight.at) for one in upstream)
        (explained if others else unexplained).append(text)
    return unexplained, explained


def _behind(stage: str, before: Mapping[str, Sequence[str]]) -> set[str]:
    """A stage and all that it depends on."""
    found, pending = set[str](), [stage]
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            pending += before.get(name, ())
    return found
