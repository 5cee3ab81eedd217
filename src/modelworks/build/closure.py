"""The modules that importing a module executes, found as the interpreter finds them but without executing any.

grimp is the reference that the tests compare with. It is not used here: it leaves out parent packages and
`importlib.import_module("literal")`, and it looks modules up in this process, whose path (a Snakefile's folder, the
current directory) is not the path of a stage.
"""

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from typing import Any

from modelworks.build import environment

Record = dict[str, Any]


@dataclass
class Closure:
    """First-party modules (name -> file, None for a namespace package) and the dotted names of everything else."""

    modules: dict[str, Path | None] = field(default_factory=dict)
    external: set[str] = field(default_factory=set)


@dataclass
class Importer:
    """Finds modules on a search path. `looked_in` collects the folders whose listing the answers depend on."""

    path: list[str]
    always: frozenset[str] = frozenset()
    looked_in: set[str] = field(default_factory=set)
    _found: dict[str, ModuleSpec | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.looked_in.update(self.path)
        self._installed = set(self.path) - set(environment.source_folders(self.path))

    def find(self, name: str) -> ModuleSpec | None:
        """The spec of a module, without importing it or its parents."""
        if name not in self._found:
            parent, _, _ = name.rpartition(".")
            if not parent:
                self._found[name] = self._top(name)
            else:
                package = self.find(parent)
                places = list(package.submodule_search_locations or []) if package else []
                self.looked_in.update(places)
                self._found[name] = PathFinder.find_spec(name, places) if places else None
        return self._found[name]

    def _top(self, name: str) -> ModuleSpec | None:
        if name in sys.builtin_module_names:
            return None
        spec = PathFinder.find_spec(name, self.path)
        if spec is None and name not in sys.stdlib_module_names:
            # An editable install may answer through a finder of its own.
            hooks = [hook for hook in sys.meta_path if "editable" in getattr(hook, "__module__", "").lower()]
            spec = next((found for hook in hooks if (found := hook.find_spec(name, None))), None)
        return spec

    def is_first_party(self, name: str) -> bool:
        """Whether the top-level package of `name` is source of this project, not the standard library or an install."""
        top = name.partition(".")[0]
        spec = self.find(top)
        if spec is None:
            return False
        if top in self.always:
            return True
        places = [spec.origin] if spec.origin else list(spec.submodule_search_locations or [])
        parents = 2 if spec.origin and spec.submodule_search_locations else 1
        folders = {str(Path(place).parents[parents - 1]) for place in places}
        return folders.isdisjoint(self._installed)


def closure(roots: Iterable[str], importer: Importer, read: Callable[[Path], Record]) -> Closure:
    """Every module that importing `roots` may execute, parent packages and their imports included.

    Raises ModuleNotFoundError, naming the module, if a root does not exist.
    """
    found = Closure()
    waiting = list(roots)
    for root in waiting:
        if importer.find(root) is None:
            raise ModuleNotFoundError(f"no module {root!r} on the search path {importer.path}", name=root)
    while waiting:
        name = waiting.pop()
        for ancestor in _with_ancestors(name):
            if ancestor in found.modules:
                continue
            if not importer.is_first_party(ancestor):
                found.external.add(name)
                break
            spec = importer.find(ancestor)
            if spec is None:
                break
            found.modules[ancestor] = Path(spec.origin) if spec.has_location and spec.origin else None
            if spec.has_location and spec.origin:
                is_package = spec.submodule_search_locations is not None
                waiting.extend(_targets(ancestor, is_package, read(Path(spec.origin)), importer, read))
    return found


def _with_ancestors(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[: count + 1]) for count in range(len(parts))]


def _targets(
    module: str, is_package: bool, record: Record, importer: Importer, read: Callable[[Path], Record]
) -> Iterator[str]:
    """The dotted names that the imports of one module ask for."""
    package = module.split(".") if is_package else module.split(".")[:-1]
    for level, base, names in record["imports"]:
        anchor = package[: len(package) - level + 1] if level else []
        source = ".".join([*anchor, *([base] if base else [])])
        if not source:
            continue
        yield source
        if "*" in names and importer.is_first_party(source) and (spec := importer.find(source)) and spec.has_location:
            submodules = read(Path(str(spec.origin)))["exports"]
        else:
            submodules = names
        for name in submodules:
            target = f"{source}.{name}"
            if not importer.is_first_party(source) or importer.find(target) is not None:
                yield target
