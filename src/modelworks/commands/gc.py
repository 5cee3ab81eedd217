"""`modelworks gc`: keep the cache below a size, evicting what is cheapest to rebuild."""

import argparse
import math
from pathlib import Path

_SHOWN = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--max-size", required=True, metavar="SIZE", help="what may stay, as 500G or 200GiB")
    parser.add_argument("--dry-run", "-n", action="store_true", help="evict nothing; say what would go")
    parser.add_argument("--directory", "-d", type=Path, default=Path(), help="a workspace on the cache (default: here)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Evict, and say what; 1 if what must stay exceeds the limit alone."""
    from modelworks.build import gc, params, tidy, workspace
    from modelworks.build.quantities import money, size
    from snakemake_executor_plugin_dvc.workspaces import register

    most = gc.parse_size(options.max_size)
    cache = workspace.cache_folder(options.directory)
    register(cache, options.directory.absolute())
    prices = params.read(options.directory / params.FILE)["prices"]
    plan = gc.plan(cache, most, lambda device: prices["cpu" if device == "cpu" else "gpu"])
    pins = plan.pins
    print(
        f"{cache}: {size(plan.size)} in {len(plan.sizes)} objects; pinned by {len(pins.workspaces)} workspaces,"
        f" {pins.refs} branches and tags, {len(pins.keys)} leases"
    )
    for name in pins.unseen:
        print(f"cannot be looked at: {name}")
    old = [path for folder in pins.workspaces for path in tidy.stale(folder)]
    for result in plan.results[:_SHOWN] if options.dry_run else []:
        cost = money(result.cost, prices["currency"]) if math.isfinite(result.cost) else "not noted"
        print(f"  {cost:>16}  {result.path}  (key {result.key[:16]})")
    if options.dry_run and len(plan.results) > _SHOWN:
        print(f"  ... and {len(plan.results) - _SHOWN} more results")
    if not options.dry_run:
        gc.carry_out(cache, plan)
        for path in old:
            tidy.remove(path)
    print(
        f"{'would evict' if options.dry_run else 'evicted'} {len(plan.evicted)} objects of {len(plan.results)} results,"
        f" {size(plan.freed)}, which cost {money(plan.cost, prices['currency'])} to make;"
        f" {len(plan.waste) + len(old)} leftovers"
    )
    left = plan.size - plan.freed
    if left > most:
        print(
            f"error: {size(left)} must stay, more than --max-size {options.max_size}:"
            f" {size(plan.pinned)} are pinned, {size(plan.lasting)} nothing can rebuild."
            " Delete workspaces, branches or tags that are no longer needed"
        )
        return 1
    return 0
