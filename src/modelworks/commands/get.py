"""`modelworks get`: check out single artifacts from the cache, and nothing that they were made from."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("targets", nargs="+", metavar="TARGET", help="artifacts, stages or rules")
    parser.add_argument("--directory", "-d", type=Path, default=Path(), help="the workspace (default: here)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print each artifact with its size."""
    from modelworks.build import get, workspace

    done = get.get(workspace.find_root(options.directory) / "Snakefile", options.directory, options.targets)
    for item in done:
        print(f"{item.size:12} {item.path}")
    print(f"checked out {len(done)} artifact{'' if len(done) == 1 else 's'}, {sum(item.size for item in done)} bytes")
    return 0
