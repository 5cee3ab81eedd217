"""`modelworks costs`: what an artifact has cost through its lineage, and what the memo has saved."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("target", metavar="TARGET", help="an artifact or a stage")
    parser.add_argument("--directory", "-d", type=Path, default=Path(), help="the workspace (default: here)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print a line a stage, then the sums."""
    from modelworks.build import costs, params, quantities

    prices = params.read(options.directory / params.FILE)["prices"]
    found = costs.costs(options.directory, options.target, prices)
    currency, width = prices["currency"], max(len(cost.stage) for cost in found)
    for cost in found:
        used = "no record" if cost.seconds is None else quantities.duration(cost.seconds)
        paid = quantities.money(cost.money, currency)
        print(f"{cost.stage:{width}}  {cost.device:8}  {used:>13}  {paid:>16}  restored {cost.restores}")
    gpu = sum(cost.hours or 0.0 for cost in found if cost.device not in ("cpu", "unknown"))
    cpu = sum(cost.cpu_hours for cost in found)
    money, saved = sum(cost.money for cost in found), sum(cost.saved for cost in found)
    print(f"made with {gpu:.3f} GPU hours and {cpu:.3f} CPU hours: {quantities.money(money, currency)}")
    print(f"the memo has saved {quantities.money(saved, currency)} since")
    return 0
