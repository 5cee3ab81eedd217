"""The fingerprint of a stage module: everything installed or written here that its result may depend on.

It holds the syntax-tree hash of each first-party module in the transitive import closure (comments, layout and
docstrings removed; docstrings count where `__doc__` is read), the data files that those modules name in their
packages, Python's version, the version of each distribution that the closure imports or reaches through
requirements, and the environment variables that change results.

First-party is what the stage's interpreter finds outside the standard library and site-packages, and the stage's own
top-level package wherever it lies.

A *data file* is any file but Python in the folder of a closure's package (or below it, short of another package)
whose name, or whose folder's name, some module of the closure spells out as a literal, or matches with a literal
pattern holding `*`. A file that is named only by computation is not found, and the sandbox denies reading it.

Optional dependencies that a package uses without requiring them do not count: import them in the stage.
"""

import contextlib
import hashlib
import json
import sys
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from modelworks.build import cache as caches
from modelworks.build import environment
from modelworks.build.cache import StatCache

Fingerprint = dict[str, Any]
DIRECTORY = Path("artifacts/code")
HISTORY = Path(".snakemake/modelworks/fingerprints")
# Stage.seed and the other methods are code of every stage, whether or not it names the class.
IMPLICIT = "modelworks.stage"


def fingerprint(modules: Iterable[str]) -> dict[str, Fingerprint]:
    """Fingerprint several stage modules in one step.

    While no file that earlier answers depend on has changed, they are returned after one stat a file.
    Raises ModuleNotFoundError if a module does not exist.
    """
    wanted = sorted(set(modules))
    cache = caches.of_workspace()
    stale: set[str] = set()
    if not cache.is_current():
        stale = set(cache.answers)
        cache.forget()
    if missing := set(wanted) - set(cache.answers):
        cache.answers |= _compute(missing, stale - missing, cache)
        cache.save()
    return {module: {**cache.answers[module], "environment": environment.keyed()} for module in wanted}


def write(modules: Iterable[str], directory: Path | str = DIRECTORY) -> list[Path]:
    """Fingerprint `modules` and write `<directory>/<module>.json` where the content changed; return those files."""
    written = []
    for module, content in fingerprint(modules).items():
        path = Path(directory) / f"{module}.json"
        text = json.dumps(content, indent=1, sort_keys=True) + "\n"
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            caches.replace_file(path, text)
            written.append(path)
        remember(module, text)
    return written


def remember(module: str, text: str) -> None:
    """Keep a fingerprint with the hashes of the functions behind it, by DVC's hash of its file: see `why`."""
    kept = HISTORY / f"{hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()}.json"
    if kept.exists():
        return
    from modelworks.build.closure import Importer

    cache = caches.of_workspace()
    importer = Importer(cache.search_path())
    functions = {}
    for name in json.loads(text)["modules"]:
        spec = importer.find(name)
        if spec is not None and spec.has_location and spec.origin:
            functions[name] = source(Path(spec.origin), cache)["functions"]
    with contextlib.suppress(OSError):
        caches.replace_file(kept, json.dumps({"fingerprint": json.loads(text), "functions": functions}))


def refresh(directory: Path | str = DIRECTORY) -> list[Path]:
    """Bring every fingerprint in `directory` up to date in one step; return the files whose content changed.

    The file of a module that no longer exists is removed.
    """
    paths = {path.name.removesuffix(".json"): path for path in Path(directory).glob("*.json")}
    try:
        return write(paths, directory)
    except ModuleNotFoundError as error:
        if error.name not in paths:
            raise
        paths[error.name].unlink(missing_ok=True)
        return refresh(directory)


def _compute(modules: Iterable[str], others: Iterable[str], cache: StatCache) -> dict[str, Fingerprint]:
    """Fingerprints of `modules`, and of those `others` that still exist."""
    import importlib

    from modelworks.build.closure import Importer, closure
    from modelworks.build.distributions import Installed

    importlib.invalidate_caches()
    own = frozenset({"modelworks", *(name.partition(".")[0] for name in modules)})
    importer = Importer(cache.search_path(), own)
    installed = Installed(importer.path, cache)
    answers: dict[str, Fingerprint] = {}
    for module in sorted({*modules, *(name for name in others if importer.find(name))}):
        roots = [module] if importer.find(IMPLICIT) is None else [module, IMPLICIT]
        found = closure(roots, importer, lambda path: source(path, cache))
        answers[module] = {
            "module": module,
            "modules": _module_hashes(found.modules, cache),
            "data": _data_hashes(found.modules, cache),
            "python": ".".join(map(str, sys.version_info[:3])),
            "distributions": installed.versions(found.external),
        }
    cache.watch(importer.looked_in)
    return answers


def source(path: Path, cache: StatCache) -> dict[str, Any]:
    """The record of a source file (see `syntax.read`)."""
    from modelworks.build import bytecode, syntax

    def read(path: Path) -> dict[str, Any]:
        bytecode.refresh(str(path))
        return syntax.read(path)

    return cache.record(path, "source", read)


def _module_hashes(modules: dict[str, Path | None], cache: StatCache) -> dict[str, str]:
    records = {name: source(path, cache) for name, path in modules.items() if path}
    everywhere = any(record["any_doc"] for record in records.values())
    hashes = dict.fromkeys(modules, "namespace")
    for name, record in records.items():
        hashes[name] = record["documented" if everywhere or record["own_doc"] else "bare"]
    return dict(sorted(hashes.items()))


def _data_hashes(modules: dict[str, Path | None], cache: StatCache) -> dict[str, str]:
    """Hashes of the data files that the modules name, by `package/relative path`."""
    from modelworks.build.distributions import digest

    names = {string for path in modules.values() if path for string in source(path, cache)["strings"]}
    patterns = [name for name in names if "*" in name]
    found = {}
    for package, path in modules.items():
        if path is None or path.stem != "__init__":
            continue
        for relative, file in _data_files(path.parent, cache).items():
            parts = relative.split("/")
            if not names.isdisjoint(parts) or any(fnmatchcase(parts[-1], pattern) for pattern in patterns):
                found[f"{package}/{relative}"] = cache.record(file, "content", digest)
    return dict(sorted(found.items()))


def _data_files(folder: Path, cache: StatCache) -> dict[str, Path]:
    """The files but Python that a package folder holds, short of the packages below it, by relative path."""
    found: dict[str, Path] = {}
    waiting = [folder]
    while waiting:
        current = waiting.pop()
        cache.watch([current])
        for item in sorted(current.iterdir()):
            if item.is_dir():
                if item.name != "__pycache__" and item.name[0] != "." and not (item / "__init__.py").exists():
                    waiting.append(item)
            elif item.suffix not in (".py", ".pyc", ".pyi", ".so"):
                found[item.relative_to(folder).as_posix()] = item
    return found
