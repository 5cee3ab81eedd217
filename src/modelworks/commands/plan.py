"""`modelworks plan`: what a build would restore and run, with what it would cost, before it does anything."""

import argparse
import json
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="rules or files (default: the default target)")
    parser.add_argument("--directory", "-d", type=Path, default=Path(), help="the workspace (default: here)")
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print one line a job that is out of date, then the totals."""
    from modelworks.build import params, plan, quantities, workspace

    root = workspace.find_root(options.directory)
    prices = params.read(options.directory / params.FILE)["prices"]
    planned = plan.steps(root / "Snakefile", options.directory.absolute(), frozenset(options.targets))
    sums = plan.totals(planned, prices)
    if options.json:
        print(json.dumps({"jobs": [vars(step) for step in planned], "totals": sums}, indent=1))
        return 0
    width = max((len(step.name) for step in planned), default=0)
    for step in planned:
        print(f"{step.verdict:8} {step.name:{width}} {quantities.duration(step.seconds):>9}  {step.reason}")
    for verdict, total in sums.items():
        what = "saved" if verdict == "restore" else "at most" if verdict == "perhaps" else "about"
        money = quantities.money(total["money"], prices["currency"])
        print(f"{verdict} {total['jobs']:.0f}: {what} {quantities.duration(total['seconds'])}, {money}")
    if not planned:
        print("nothing to be done")
    return 0
