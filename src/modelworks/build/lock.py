"""Keeps the stage `code` of dvc.lock in step: Snakemake makes its outputs, the fingerprints, reading the rules."""

from pathlib import Path

from modelworks.build import dvcfile


def record_fingerprints() -> None:
    """Have the build that starts write the fingerprints' hashes to dvc.lock, so that `dvc status` sees no change."""
    from snakemake_executor_plugin_dvc.lockfile import DvcLock
    from snakemake_executor_plugin_dvc.repository import journal

    try:
        entry = dvcfile.lock_entry(Path(dvcfile.FILE))
    except dvcfile.DvcfileError:
        return  # dvc.yaml is missing or out of step, which `modelworks dvcfile --check` tells
    lock = DvcLock(journal(Path.cwd()))
    if not _same(lock.entry(dvcfile.CODE_STAGE), entry):
        lock.record(dvcfile.CODE_STAGE, entry)


def _same(known: object, entry: dict[str, object]) -> bool:
    """Whether a lock entry, whose scalars may be text, holds the same values."""
    return _text(known) == _text(entry)


def _text(value: object) -> object:
    if isinstance(value, dict):
        return {key: _text(item) for key, item in value.items()}
    return [_text(item) for item in value] if isinstance(value, list) else str(value)
