"""`modelworks workspace create`: a directory with its own params and artifacts, on the shared cache."""

import argparse
import shlex
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    create = parser.add_subparsers(dest="action", required=True, metavar="ACTION").add_parser(
        "create", help="make a workspace", description="Make a workspace."
    )
    create.add_argument("directory", type=Path, metavar="DIR", help="a directory that does not exist yet")
    create.add_argument(
        "--preset", action="append", default=[], metavar="NAME", help="lay presets/NAME.yaml over params"
    )
    create.add_argument(
        "--set", action="append", default=[], dest="settings", metavar="KEY=VALUE", help="one value, in YAML"
    )
    create.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Create, and say how to build there."""
    from modelworks.build import workspace

    root = workspace.find_root(Path())
    workspace.create(root, options.directory, options.preset, options.settings)
    print(f"made {options.directory}; build in it: snakemake --directory {shlex.quote(str(options.directory))}")
    return 0
