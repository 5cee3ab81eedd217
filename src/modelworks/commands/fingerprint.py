"""`modelworks fingerprint`: what DVC's stage `code` runs."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("modules", nargs="*", metavar="MODULE", help="default: those that dvc.yaml names")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write artifacts/code/MODULE.json where it changed. Checks params.yaml first when dvc.yaml names the modules."""
    from modelworks.build import dvcfile, fingerprint, params
    from modelworks.build.errors import ModelworksError

    modules = options.modules
    if not modules:
        modules = dvcfile.modules(Path(dvcfile.FILE))
        dvcfile.check_structure(Path(dvcfile.FILE), params.read())
    try:
        fingerprint.write(modules)
    except ModuleNotFoundError as error:
        raise ModelworksError(f"there is no module {error.name}") from None
    return 0
