"""What an artifact has cost through its whole lineage, and what the memo has saved since, from the ledger."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from modelworks.build import lineage


@dataclass(frozen=True)
class Cost:
    """What one stage's result cost to make, and the restores since. `hours` is None where no ledger knows of a run."""

    stage: str
    device: str
    hours: float | None
    cpu_hours: float
    money: float
    restores: int

    @property
    def saved(self) -> float:
        """The money that restoring instead of running has saved."""
        return self.money * self.restores


def costs(directory: Path, target: str, prices: Mapping[str, float]) -> list[Cost]:
    """The cost of each stage behind a target, once. Raises LineageError.

    Money is hours of the device times its price: `cpu` or `gpu`.
    """
    from snakemake_executor_plugin_dvc.ledger import Ledger
    from snakemake_executor_plugin_dvc.repository import find_root, read_config

    behind = lineage.of(directory, target)
    ledger = Ledger(read_config(find_root(directory.absolute()))[0])
    made, restores = ledger.made(), ledger.restores()
    found = []
    for stage in behind.stages:
        key = behind.key(stage)
        record = made.get(key)
        if record is None:
            found.append(Cost(stage, "unknown", None, 0.0, 0.0, restores[key]))
            continue
        hours, device = float(record["wall_s"]) / 3600, str(record["device"])
        money = hours * prices["cpu" if device == "cpu" else "gpu"]
        found.append(Cost(stage, device, hours, float(record["cpu_s"]) / 3600, money, restores[key]))
    return found
