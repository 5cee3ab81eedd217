"""The process of one stage: closes itself in, imports the stage module, calls its `main`. Started by the runner."""

import importlib
import json
import os
import sys
import traceback
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

from modelworks.build import bytecode, denial, environment, sandbox
from modelworks.build.guard import ImportGuard
from modelworks.build.keeper import die_with_parent
from modelworks.build.reads import Params
from modelworks.stage import Stage


def main(order_handle: int, report_handle: int, keeper: int) -> int:
    """Run the stage that the order describes; the exit status.

    order_handle: JSON, see `run._order`. report_handle: gets a line of JSON with the policy and the packages, another
    with the paths that the kernel denied. keeper: the pid of the process that this one must not survive.
    """
    die_with_parent(keeper)
    os.set_inheritable(report_handle, False)
    with open(order_handle, encoding="utf-8") as file:
        text = file.read()
    if not text:
        return 70  # the runner gave up
    order = json.loads(text)
    folders = environment.source_folders(sys.path)
    sources, packages = _sources(order["fingerprint"])
    policy = _policy(order, sources, packages, folders)
    _report(report_handle, {"policy": vars(policy), "packages": packages})
    stage = Stage(
        name=order["module"],
        rule=order["rule"],
        inputs={name: [Path(path) for path in paths] for name, paths in order["inputs"].items()},
        outputs={name: [Path(path) for path in paths] for name, paths in order["outputs"].items()},
        params=Params(order["params"], order["reads"], order["rule"]),
        args=order["args"],
        scratch=Path(order["scratch"]),
    )
    if order["landlock"]:
        sandbox.restrict(policy, order["landlock"])
        sys.dont_write_bytecode = True
    ImportGuard(order["module"], frozenset(order["fingerprint"]["modules"]), folders).install()
    try:
        importlib.import_module(order["module"]).main(stage)
    except Exception as error:
        traceback.print_exception(error)
        _report(report_handle, {"denied": denial.in_exception(error, policy)})
        return 1
    finally:
        sys.stdout.flush()
    return 0


def _report(handle: int, content: dict[str, Any]) -> None:
    os.write(handle, json.dumps(content).encode() + b"\n")


def _sources(fingerprint: dict[str, Any]) -> tuple[list[str], list[str]]:
    """The files that the fingerprint covers, with their bytecode, and the folders of its top-level packages."""
    places: dict[str, list[str]] = {}
    files: list[str] = []
    for name in sorted(fingerprint["modules"]):
        parent = name.rpartition(".")[0]
        spec = PathFinder.find_spec(name, places.get(parent, []) if parent else None)
        if spec is None:
            continue
        places[name] = list(spec.submodule_search_locations or [])
        if spec.has_location and spec.origin:
            files += [spec.origin, *([bytecode.refresh(spec.origin)] if spec.origin.endswith(".py") else [])]
    for name in fingerprint["data"]:
        package, _, relative = name.partition("/")
        files += [os.path.join(place, relative) for place in places.get(package, [])]
    packages = [place for name, found in places.items() if "." not in name for place in found]
    return [os.path.realpath(file) for file in files], sorted(map(os.path.realpath, packages))


def _policy(order: dict[str, Any], sources: list[str], packages: list[str], folders: list[str]) -> sandbox.Policy:
    """Closed are the workspace, the projects that it and the sources belong to, and the stage's own packages."""
    closed = {project(folder) for folder in (os.getcwd(), *folders)} | {os.path.realpath(os.getcwd())} | set(packages)
    closed |= set(_linked_folders(".")) | set(_linked_folders("artifacts"))
    engine = [__file__, *(module.__file__ for name, module in sys.modules.items() if name.startswith("modelworks"))]
    read = {os.path.realpath(prefix) for prefix in (sys.prefix, sys.base_prefix, sys.exec_prefix)}
    read |= {*sources, *order["read"], *(os.path.realpath(file) for file in engine if file)}
    listed = [os.path.realpath(folder) for folder in sys.path]
    return sandbox.Policy(sorted(closed), sorted(read), sorted(order["write"]), listed)


def _linked_folders(folder: str) -> list[str]:
    """Where the links to folders in a folder, or the folder itself, lead: artifacts may lie on another disk."""
    if not os.path.isdir(folder):
        return []
    links = [folder, *(entry.path for entry in os.scandir(folder) if entry.is_symlink())]
    return [os.path.realpath(link) for link in links if os.path.isdir(link)]


def project(folder: str) -> str:
    """The project that a folder belongs to: the nearest one above with a project's file, short of the home folder."""
    start = current = os.path.realpath(folder)
    home = os.path.realpath(os.path.expanduser("~")) + "/"
    while not home.startswith(current.rstrip("/") + "/"):
        if any(os.path.exists(os.path.join(current, mark)) for mark in (".git", ".dvc", "pyproject.toml")):
            return current
        current = os.path.dirname(current)
    return start


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
