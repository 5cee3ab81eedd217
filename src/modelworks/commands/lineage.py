"""`modelworks lineage`: everything that an artifact was made from, with hashes."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("target", metavar="TARGET", help="an artifact or a stage")
    parser.add_argument("--directory", "-d", type=Path, default=Path(), help="the workspace (default: here)")
    parser.add_argument("--svg", type=Path, metavar="FILE", help="draw it instead")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print raw data, then each stage with what it reads and makes; or write the drawing."""
    from modelworks.build import graph_svg, lineage, workspace

    found = lineage.of(options.directory, options.target)
    if options.svg:
        workspace.write(options.svg, graph_svg.draw(found))
        print(f"{options.svg}: {len(found.stages)} stages, {len(found.raw)} files that no stage makes")
        return 0
    for path, digest in sorted(found.raw.items()):
        print(f"{digest}  {path}")
    for stage, entry in found.stages.items():
        print(f"\n{stage}  (key {found.key(stage)[:16]})")
        for key, value in ((entry.get("params") or {}).get("params.yaml") or {}).items():
            print(f"  param  {key} = {value}")
        for kind, items in (("reads", entry.get("deps") or []), ("makes", entry["outs"])):
            for item in items:
                print(f"  {kind}  {item['md5']}  {item['path']}")
    return 0
