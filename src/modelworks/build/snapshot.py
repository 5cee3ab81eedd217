"""What a stage that waits in a queue will run: a read-only copy of its sources and of the values that it reads.

The copy is taken when the job is submitted, under the key fixed then. Code and params.yaml can be edited while it
waits. Copies of the same code are one, named by its fingerprint and the engine that runs it.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelworks.build import bytecode, params, syntax
from modelworks.build import cache as caches
from modelworks.build.closure import Importer
from modelworks.build.distributions import digest
from modelworks.build.fingerprint import DIRECTORY

FOLDER = Path(".snakemake/modelworks/snapshots")
CODE = "code.json"
_ENGINE = Path(__file__).parent


@dataclass(frozen=True)
class Snapshot:
    """The environment that leads a stage's runner to the copy, and the inputs that are copied."""

    environment: dict[str, str]
    inputs: list[str]


def take(inputs: Sequence[str], read: Mapping[str, Any]) -> Snapshot | None:
    """Copy what the stage with these inputs runs, and the values of its keys of params.yaml (dotted key -> value).

    None if the job is no stage, or if a source is not what the fingerprint says any more: it then runs as it is, and
    its result is not committed.
    """
    codes = [path for path in inputs if Path(path).parent == DIRECTORY]
    if len(codes) != 1:
        return None
    text = Path(codes[0]).read_text(encoding="utf-8")
    name = hashlib.sha256(json.dumps([text, [digest(file) for file in _engine()]]).encode()).hexdigest()[:24]
    folder = FOLDER.absolute() / name
    if not folder.exists() and not _copy(text, folder):
        return None
    content = _text(read)
    values = folder.parent / f"{hashlib.sha256(content.encode()).hexdigest()[:24]}.yaml"
    if not values.exists():
        caches.replace_file(values, content)
        values.chmod(0o444)
    path = [str(folder / "src"), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {"PYTHONPATH": os.pathsep.join(path), "MODELWORKS_CODE": str(folder / CODE)}
    return Snapshot(environment | {"MODELWORKS_PARAMS": str(values)}, codes)


def _text(values: Mapping[str, Any]) -> str:
    return json.dumps(params.overlaid({}, values), indent=1, sort_keys=True)


def _engine() -> list[Path]:
    return [_ENGINE.parent / "__init__.py", _ENGINE.parent / "stage.py", *sorted(_ENGINE.glob("*.py"))]


def _copy(text: str, folder: Path) -> bool:
    """Make the copy under a temporary name, and rename it if it is what the fingerprint says."""
    partial = folder.with_name(f".{folder.name}.{os.getpid()}")
    shutil.rmtree(partial, ignore_errors=True)
    source = partial / "src"
    for file in _engine():
        _copy_file(file, source / "modelworks" / file.relative_to(_ENGINE.parent))
    # Every file is copied, also after one that differs.
    faithful = all([wanted in _copy_file(file, source / name) for file, name, wanted in _files(json.loads(text))])
    (partial / CODE).write_text(text, encoding="utf-8")
    for path in (*partial.rglob("*"), partial):
        path.chmod(path.stat().st_mode & ~0o222)
    if faithful:
        partial.rename(folder)
    else:
        remove(partial)
    return faithful


def _files(fingerprint: dict[str, Any]) -> Iterator[tuple[Path, str, str]]:
    """The files that a fingerprint covers: where each lies, its name below a source folder, its hash."""
    importer = Importer(caches.of_workspace().search_path())
    for module, wanted in fingerprint["modules"].items():
        spec = importer.find(module)
        if spec is None or not spec.has_location or spec.origin is None:
            continue
        parent = module if spec.submodule_search_locations is not None else module.rpartition(".")[0]
        yield Path(spec.origin), f"{parent.replace('.', '/')}/{Path(spec.origin).name}", wanted
    for name, wanted in fingerprint["data"].items():
        package, _, relative = name.partition("/")
        spec = importer.find(package)
        for place in (spec.submodule_search_locations or []) if spec else []:
            if (Path(place) / relative).is_file():
                yield Path(place) / relative, f"{package.replace('.', '/')}/{relative}", wanted


def _copy_file(source: Path, target: Path) -> set[str]:
    """Copy one file; the hashes that a fingerprint may have of it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    if target.suffix == ".py":
        bytecode.refresh(str(target))
    record = syntax.read(target)
    return {record["bare"], record["documented"], digest(target)}


def remove(folder: Path) -> None:
    """Remove a copy, which is read-only."""
    for path in (folder, *folder.rglob("*")):
        if path.is_dir():
            path.chmod(0o755)
    shutil.rmtree(folder, ignore_errors=True)
