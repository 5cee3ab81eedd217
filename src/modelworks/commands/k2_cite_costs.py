"""`modelworks k2 cite-costs`: write what a release has cost beside it, outside of what its root hash covers."""

import argparse
import json
from pathlib import Path

TARGET = "artifacts/k2/release"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "bundle", nargs="?", type=Path, metavar="DIR", help=f"a copy of the release (default: {TARGET} itself)"
    )
    parser.add_argument("--directory", "-d", type=Path, default=Path(), help="the workspace (default: here)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write COSTS.json into a copy, or release.costs.json beside the artifact, whose content must not change."""
    from modelworks.build import quantities, workspace
    from modelworks.k2 import release_costs

    made = options.directory / TARGET
    bundle = options.bundle or made
    beside = made.exists() and bundle.exists() and bundle.samefile(made)
    target = bundle.with_name(f"{bundle.name}.costs.json") if beside else bundle / release_costs.NAME
    found = release_costs.cited(options.directory, TARGET, made, bundle)
    workspace.write(target, json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    total = found["total"]
    money = quantities.money(total["money"], found["prices"]["currency"])
    print(f"{target}: {total['gpu_hours']:.3f} GPU hours, {total['cpu_hours']:.3f} CPU hours, {money}")
    if total["stages_without_record"]:
        print(f"{total['stages_without_record']} stages have no record in the ledger and are not in the sums")
    return 0
