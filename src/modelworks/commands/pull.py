"""`modelworks pull`: bring results, run-cache entries and the ledger from a DVC remote."""

import argparse
import sys
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--remote", "-r", metavar="NAME", help="a DVC remote (default: the default remote)")
    parser.add_argument("--directory", "-d", type=Path, default=Path(), help="the workspace (default: here)")
    parser.add_argument("--jobs", "-j", type=int, help="files to transfer at once (default: the remote's)")
    parser.add_argument("--all", "-a", action="store_true", help="bring the objects of every run-cache entry too")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print what was brought; 1 if something on the remote is damaged, which is named."""
    from modelworks.build import receiving

    def say(text: str) -> None:
        print(text, file=sys.stderr)

    moved = receiving.Receiving(options.directory, options.remote, options.jobs, say).pull(options.all)
    if moved.missing:
        say(f"{len(moved.missing)} objects are not on the remote, the first: {moved.missing[0]}")
    for name in moved.damaged:
        say(f"damaged on the remote, not used: {name!r}. Delete it there, and push again from where it is whole")
    print(f"{moved.summary('received')} from {moved.place}")
    return int(bool(moved.damaged))
