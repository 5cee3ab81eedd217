"""Refuses first-party modules that are not in the stage's fingerprint, when they are imported."""

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType


class UndeclaredImport(RuntimeError):
    """A stage imports a module that its fingerprint does not hold. No ImportError: code that tries must not go on."""


class ImportGuard:
    """A finder, first on `sys.meta_path`, that knows nothing and only refuses.

    allowed: the modules of the fingerprint; folders: the entries of `sys.path` whose modules are first-party.
    """

    def __init__(self, stage: str, allowed: frozenset[str], folders: Sequence[str]) -> None:
        self.stage = stage
        self.allowed = allowed
        self.folders = list(folders)
        self._packages = {name.partition(".")[0] for name in allowed}
        self._sources: dict[str, bool] = {}

    def install(self) -> None:
        """Start to refuse. First-party modules that are loaded already but not allowed are unloaded."""
        for name in list(sys.modules):
            if name.partition(".")[0] in self._packages and name not in self.allowed:
                parent, _, child = name.rpartition(".")
                vars(sys.modules.get(parent, ModuleType(""))).pop(child, None)
                del sys.modules[name]
        sys.meta_path.insert(0, self)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """None for what may be imported. Raises UndeclaredImport for a first-party module outside the fingerprint."""
        if name in self.allowed or not self._is_first_party(name, path):
            return None
        raise UndeclaredImport(
            f"{self.stage} imports {name}, which is not in its fingerprint: an edit of it would not rebuild the stage."
            f" Import it by a statement, or by importlib.import_module({name!r}) with the name spelled out"
        )

    def _is_first_party(self, name: str, path: Sequence[str] | None) -> bool:
        top = name.partition(".")[0]
        if top in self._packages:
            return PathFinder.find_spec(name, path) is not None
        if top not in self._sources:
            self._sources[top] = self._lies_in_sources(top)
        return self._sources[top] and PathFinder.find_spec(name, path) is not None

    def _lies_in_sources(self, top: str) -> bool:
        """Whether the interpreter finds a top-level module, or a part of a namespace package, in a source folder."""
        first = PathFinder.find_spec(top)
        if first is None:
            return False
        found = PathFinder.find_spec(top, self.folders)
        if found is None:
            return False
        if first.origin is None:
            return not set(first.submodule_search_locations or []).isdisjoint(found.submodule_search_locations or [])
        return first.origin == found.origin
