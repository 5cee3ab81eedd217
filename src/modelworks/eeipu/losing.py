"""What only the losing trials of a sweep have made, to be evicted from the cache."""

from pathlib import Path

from modelworks.build import gc, params
from modelworks.eeipu.record import Record
from modelworks.eeipu.trial import Trial


def losers(record: Record, keep: int) -> list[Trial]:
    """The trials that ended and are not among the best `keep`."""
    best = {trial.number for trial in record.ranked()[:keep]}
    return [trial for trial in record.trials if trial.number not in best]


def plan(root: Path, folder: Path, record: Record, keep: int) -> gc.Plan:
    """What to evict: results of what ran in losing trials, but for all that anything else names or has made."""
    from modelworks.build import workspace
    from snakemake_executor_plugin_dvc.workspaces import register

    cache = workspace.cache_folder(root)
    register(cache, root)
    prices = params.read(root / params.FILE)["prices"]
    keys = {
        stage.key
        for trial in losers(record, keep)
        for stage in (trial.outcome.stages if trial.outcome else ())
        if stage.ran and stage.key is not None
    }
    return gc.plan_keys(
        cache, keys, _folders(folder, record, keep), lambda device: prices["cpu" if device == "cpu" else "gpu"]
    )


def carry_out(root: Path, folder: Path, record: Record, keep: int, found: gc.Plan) -> None:
    """Evict. The lock files of losing trials go first, since what they name is pinned."""
    from modelworks.build import workspace

    for place in _folders(folder, record, keep):
        (place / "dvc.lock").unlink(missing_ok=True)
    gc.carry_out(workspace.cache_folder(root), found)


def _folders(folder: Path, record: Record, keep: int) -> list[Path]:
    """Where the losing trials were built, as their workspaces are registered."""
    return [(folder / "trials" / f"{trial.number:04d}").resolve() for trial in losers(record, keep)]
