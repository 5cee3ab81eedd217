"""`modelworks params`: check params.yaml."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("file", nargs="?", default=Path("params.yaml"), type=Path)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print nothing but faults."""
    from modelworks.build import params

    params.read(options.file)
    return 0
