"""`modelworks verify`: build an artifact anew with the memo off, and compare byte for byte."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("target", metavar="TARGET", help="an artifact or a stage that is up to date")
    parser.add_argument("--directory", "-d", type=Path, default=Path(), help="the workspace (default: here)")
    parser.add_argument("--place", type=Path, metavar="DIR", help="where to build (default: the temporary folder)")
    parser.add_argument("snakemake", nargs="*", metavar="OPTION", help="for snakemake, behind --")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print a line a stage, then the first that differs; 1 unless all are the same."""
    from modelworks.build import verify

    compared = verify.verify(options.directory, options.target, options.snakemake, options.place)
    width = max(len(one.stage) for one in compared)
    for one in compared:
        print(f"{one.verdict:14}  {one.stage:{width}}  {one.what}".rstrip())
    faults = [one for one in compared if one.verdict != "same"]
    if not faults:
        print(f"{options.target}: {len(compared)} stages built anew, every byte the same")
        return 0
    print(f"{options.target}: the first stage that is not the same: {faults[0].stage}: {faults[0].verdict}")
    return 1
