"""`modelworks cache verify`: read the whole cache and set damaged objects aside."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    verify = parser.add_subparsers(dest="action", required=True, metavar="ACTION").add_parser(
        "verify", help="hash every object", description="Hash every object; what is damaged is set aside and rebuilt."
    )
    verify.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print each damaged object; 1 if there was one."""
    from modelworks.build import workspace
    from snakemake_executor_plugin_dvc.objects import Objects

    directory = workspace.cache_folder(Path.cwd())
    damaged = 0
    for absent in Objects(directory).verify():
        damaged += 1
        print(f"{absent.oid}: {absent.reason}")
    print(f"{directory}: {damaged or 'no'} damaged object{'' if damaged == 1 else 's'}")
    return int(damaged > 0)
