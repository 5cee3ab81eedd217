"""`modelworks k2 where`: which documents and characters a row of a training step holds."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--step", type=int, required=True, metavar="S", help="a training step, from 1")
    parser.add_argument("--sample", type=int, required=True, metavar="I", help="a row of its batch, from 0")
    parser.add_argument("--directory", "-d", type=Path, default=Path(), help="the workspace (default: here)")
    parser.add_argument("--json", action="store_true", help="print everything as JSON, the tokens too")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the place and its pieces of text."""
    from modelworks.k2.where import where

    place = where(options.directory, options.step, options.sample)
    if options.json:
        print(json.dumps(asdict(place), indent=2, ensure_ascii=False))
        return 0
    within = f"segment {place.segment}, chunk {place.chunk}, row {place.row}, rank {place.rank}"
    print(f"step {options.step}, sample {options.sample}: {within}{'' if place.trained else ' (not trained yet)'}")
    for piece in place.pieces:
        spans = f"characters {piece.first} to {piece.last}, tokens {piece.begin} to {piece.end}"
        print(f"\n{piece.source}: {piece.id}, {spans}")
        print("\n".join(f"    {line}" for line in piece.text.split("\n")))
    return 0
