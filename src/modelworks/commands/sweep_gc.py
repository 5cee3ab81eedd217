"""`modelworks sweep gc`: evict from the cache what only the losing trials of a sweep have made."""

import argparse
from pathlib import Path

_KEPT, _SHOWN = 5, 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("sweep", metavar="NAME|FILE", help="a sweep that has begun and does not run")
    parser.add_argument("--keep", type=int, default=_KEPT, metavar="K", help="the best trials whose results stay (5)")
    parser.add_argument("--yes", "-y", action="store_true", help="do it; else it is only said what would go")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Say what would be evicted, and evict it with --yes."""
    from modelworks.build import params, workspace
    from modelworks.build.quantities import money, size
    from modelworks.eeipu import losing, state
    from modelworks.eeipu.log import Log

    if options.keep < 1:
        raise state.StateError(f"--keep {options.keep}: must be at least 1: the winner stays")
    root = workspace.find_root(Path())
    folder = state.folder(root, options.sweep)
    with state.unused(folder):
        record = state.read(root, Log(folder / state.LOG))
        found = losing.plan(root, folder, record, options.keep)
        for name in found.pins.unseen:
            print(f"cannot be looked at: {name}")
        for result in found.results[: 0 if options.yes else _SHOWN]:
            print(f"  {result.path}  (key {result.key[:16]})")
        if not options.yes and len(found.results) > _SHOWN:
            print(f"  ... and {len(found.results) - _SHOWN} more results")
        if options.yes:
            losing.carry_out(root, folder, record, options.keep, found)
    currency = params.read(root / params.FILE)["prices"]["currency"]
    losing_trials = len(losing.losers(record, options.keep))
    print(
        f"{'evicted' if options.yes else 'would evict'} {len(found.evicted)} objects of {losing_trials} losing trials,"
        f" {size(found.freed)}, which cost {money(found.cost, currency)} to make"
        + ("" if options.yes else ". Do it: add --yes")
    )
    return 0
