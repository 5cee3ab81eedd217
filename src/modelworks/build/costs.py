"""What an artifact has cost through its whole lineage, and what the memo has saved since, from the ledger."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelworks.build import lineage, workspace


@dataclass(frozen=True)
class Cost:
    """What one stage's result cost to make, and the restores since. `seconds` is None where no run is on record."""

    stage: str
    device: str
    seconds: float | None
    cpu_seconds: float
    peak_bytes: int
    money: float
    restores: int

    @property
    def hours(self) -> float | None:
        """Wall time."""
        return None if self.seconds is None else self.seconds / 3600

    @property
    def cpu_hours(self) -> float:
        """CPU time."""
        return self.cpu_seconds / 3600

    @property
    def saved(self) -> float:
        """The money that restoring instead of running has saved."""
        return self.money * self.restores


def costs(directory: Path, target: str, prices: Mapping[str, float]) -> list[Cost]:
    """The cost of each stage behind a target, once. Raises LineageError.

    Money is hours of the device times its price: `cpu` or `gpu`.
    """
    from snakemake_executor_plugin_dvc.ledger import Ledger

    behind = lineage.of(directory, target)
    ledger = Ledger(workspace.cache_folder(directory))
    made, restores = ledger.made(), ledger.restores()
    keys = {stage: behind.key(stage) for stage in behind.stages}
    return [cost(stage, made.get(key), restores[key], prices) for stage, key in keys.items()]


def cost(stage: str, record: Mapping[str, Any] | None, restores: int, prices: Mapping[str, float]) -> Cost:
    """The cost of one stage by the ledger's record of its run, if there is one."""
    if record is None:
        return Cost(stage, "unknown", None, 0.0, 0, 0.0, restores)
    seconds, device = float(record["wall_s"]), str(record["device"])
    return Cost(
        stage=stage,
        device=device,
        seconds=seconds,
        cpu_seconds=float(record["cpu_s"]),
        peak_bytes=int(record.get("peak_bytes") or 0),
        money=seconds / 3600 * prices["cpu" if device == "cpu" else "gpu"],
        restores=restores,
    )
