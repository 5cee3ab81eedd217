"""`modelworks ls`: the workspace's artifacts, with size, age, last use and where their content is."""

import argparse
import json
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--directory", "-d", type=Path, default=Path(), help="the workspace (default: here)")
    parser.add_argument("--json", action="store_true", help="print JSON, for programs: sizes in bytes")
    parser.add_argument(
        "--sort",
        choices=("size", "used", "path"),
        default="path",
        help="the largest first, the last used first, or by name (default)",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print a line an artifact, then the totals."""
    from modelworks.build import listing, quantities

    found = listing.ordered(listing.artifacts(options.directory), options.sort)
    total = listing.total(found)
    if options.json:
        known = [{key: value for key, value in vars(one).items() if key != "contents"} for one in found]
        print(json.dumps({"artifacts": known, "total": total}, indent=1))
        return 0
    width = max((len(one.path) for one in found), default=0)
    stage = max((len(one.stage) for one in found), default=0)
    for one in found:
        state = ("" if one.in_place else "absent, ") + one.cached
        times = f"made {_short(one.made)}  used {_short(one.used)}"
        print(f"{one.path:{width}}  {quantities.size(one.size):>8}  {one.stage:{stage}}  {times}  {state}")
    sizes = [quantities.size(total[key]) for key in ("size", "distinct_size")]
    print(f"{total['artifacts']} artifacts, {sizes[0]}, {sizes[1]} of distinct content")
    return 0


def _short(moment: str | None) -> str:
    """To the minute, in UTC."""
    return f"{moment[:10]} {moment[11:16]}" if moment else f"{'?':16}"
