"""What a release has cost through its lineage, from the ledger: cited beside it, since it is not the same each time."""

from pathlib import Path
from typing import Any

from modelworks.build import costs, params
from modelworks.build.errors import ModelworksError
from modelworks.lm.bundle import COSTS, MANIFEST, BundleError, parse

NAME = COSTS


class CitationError(ModelworksError):
    """A folder whose costs are not those of the release that was built here."""


def cited(directory: Path, target: str, made: Path, bundle: Path) -> dict[str, Any]:
    """The costs of `target` in the workspace `directory`, built as `made`, for `bundle`, a copy of it.

    Raises CitationError if the two have other root hashes, and ModelworksError if lineage or params cannot be read.
    """
    root = _root(made)
    if _root(bundle) != root:
        raise CitationError(f"{bundle}: is not a copy of {made}: their root hashes differ")
    prices = params.read(directory / params.FILE)["prices"]
    found = costs.costs(directory, target, prices)
    stages = [
        {
            "stage": cost.stage,
            "device": cost.device,
            "hours": cost.hours,
            "cpu_hours": cost.cpu_hours,
            "peak_bytes": cost.peak_bytes,
            "money": cost.money,
        }
        for cost in found
    ]
    total = {
        "gpu_hours": sum(cost.hours or 0.0 for cost in found if cost.device not in ("cpu", "unknown")),
        "cpu_hours": sum(cost.cpu_hours for cost in found),
        "money": sum(cost.money for cost in found),
        "stages_without_record": sum(cost.seconds is None for cost in found),
    }
    return {"root": root, "prices": prices, "total": total, "stages": stages}


def _root(bundle: Path) -> str:
    try:
        return parse((bundle / MANIFEST).read_bytes()).root
    except OSError as error:
        raise CitationError(f"{bundle / MANIFEST}: cannot be read: {error.strerror}: build the release") from None
    except BundleError as error:
        raise CitationError(f"{bundle}: {error}") from None
