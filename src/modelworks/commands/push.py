"""`modelworks push`: send results, run-cache entries and the ledger to a DVC remote."""

import argparse
import sys
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--remote", "-r", metavar="NAME", help="a DVC remote (default: the default remote)")
    parser.add_argument("--directory", "-d", type=Path, default=Path(), help="the workspace (default: here)")
    parser.add_argument("--jobs", "-j", type=int, help="files to transfer at once (default: the remote's)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print what was sent; 1 if something here is damaged, which is named."""
    from modelworks.build import sending

    def say(text: str) -> None:
        print(text, file=sys.stderr)

    moved = sending.Sending(options.directory, options.remote, options.jobs, say).push()
    if moved.missing:
        say(f"{len(moved.missing)} objects are neither here nor on the remote, the first: {moved.missing[0]}")
    for name in moved.damaged:
        say(f"damaged here, not sent: {name}. Run snakemake: it builds what is missing again")
    print(f"{moved.summary('sent')} to {moved.place}")
    return int(bool(moved.damaged))
