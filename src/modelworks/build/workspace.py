"""Workspaces: a directory with its own params.yaml and artifacts/, a DVC root of its own on the shared cache.

Rules, profiles and data are symbolic links to the root's, under the same relative names: same commands, same paths,
same content, so the same keys. A workspace ignores itself for git, and DVC keeps out of a folder that is another DVC
root, so the root never sees it, wherever it lies.
"""

import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from modelworks.build import params
from modelworks.build.errors import ModelworksError
from modelworks.build.laid_over import laid_over, write_edited

LINKED = ("Snakefile", "rules", "profiles", "report", "data")
_OWN = (params.FILE, ".dvc/config")
_HASHES = ".dvc/tmp/memo/md5.sqlite"
_COPIED = (
    *LINKED,
    *(".gitignore", ".dvcignore", ".dvc/config", ".dvc/config.local", ".dvc/.gitignore", "dvc.yaml"),
    *(".snakemake/modelworks/fingerprint.json", ".snakemake/modelworks/fingerprints/*", "artifacts/code/*.json"),
)


class WorkspaceError(ModelworksError):
    """A directory that is no workspace, or cannot become one."""


def check(directory: str, root: str, config: Collection[str], configfiles: Collection[object] = ()) -> None:
    """Check that a build in `directory` takes its values from its own params.yaml only.

    `config` and `configfiles` are Snakemake's. Raises WorkspaceError.
    """
    if config or configfiles:
        given = f"--config {' '.join(config)}" if config else "--configfile"
        raise WorkspaceError(
            f"{given}: values on the command line would bypass {params.FILE}, which keys, DVC and stages read."
            f" Edit {params.FILE}, or make a workspace with other values:"
            " modelworks workspace create DIR --set KEY=VALUE"
        )
    missing = [name for name in _OWN if not Path(directory, name).is_file()]
    if not missing:
        return
    if os.path.samefile(directory, root):
        remedy = "dvc init" if missing == [".dvc/config"] else "git checkout params.yaml"
        raise WorkspaceError(f"{directory} has no {' and no '.join(missing)}. Make it: {remedy}")
    raise WorkspaceError(
        f"{directory} is not a workspace: it has no {' and no '.join(missing)}."
        f" Make one: modelworks workspace create {os.path.relpath(directory, root)}"
    )


def prefer_own_interpreter() -> None:
    """Have commands find the `python` that runs Snakemake, also where its environment was not activated."""
    own = os.path.dirname(sys.executable)
    path = os.environ.get("PATH", os.defpath).split(os.pathsep)
    if path[0] != own:
        os.environ["PATH"] = os.pathsep.join([own, *path])


def find_root(start: Path) -> Path:
    """The folder with the Snakefile: of the workspace or repository that `start` lies in. Raises WorkspaceError."""
    for folder in (start.absolute(), *start.absolute().parents):
        if (folder / "Snakefile").is_file() and (folder / "rules").is_dir():
            return (folder / "Snakefile").resolve().parent
    raise WorkspaceError(f"{start.absolute()} lies in no Modelworks repository: no folder upwards holds a Snakefile")


def cache_folder(directory: Path) -> Path:
    """The cache that a workspace uses. Raises OSError without a DVC repository or a configuration that can be read."""
    from snakemake_executor_plugin_dvc import repository

    return repository.read_config(repository.find_root(directory.absolute()))[0]


def create(
    root: Path,
    directory: Path,
    presets: Iterable[str] = (),
    settings: Iterable[str] = (),
    base: Path | None = None,
) -> None:
    """Make a workspace: `presets`, then `settings` (KEY=VALUE), laid over `base`, the root's params.yaml by default.

    It is made under a temporary name beside `directory` and renamed when it is whole. Raises WorkspaceError,
    ParamsError and DvcfileError; nothing is left then.
    """
    from modelworks.build import dvcfile
    from snakemake_executor_plugin_dvc.links import umask

    _refuse_existing(directory)
    _refuse_place(root, directory)
    base = base or root / params.FILE
    values, changes = laid_over(root, base, presets, settings)
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{directory.name}.", dir=directory.parent)).absolute()
    except OSError as error:
        raise WorkspaceError(f"{directory}: cannot be made: {error.strerror}") from None
    try:
        partial.chmod(0o777 & ~umask())
        (partial / ".gitignore").write_text("*\n")
        for name in LINKED:
            if (root / name).exists():
                (partial / name).symlink_to(root / name)
        write_edited(partial / params.FILE, base, changes, values)
        _link_named_files(root, partial, values)
        _make_dvc_root(root, partial)
        write(partial / dvcfile.FILE, dvcfile.text(root / "Snakefile", partial))
        shutil.rmtree(partial / ".snakemake", ignore_errors=True)
        dvcfile.note_current(partial)
        _take_place(partial, directory)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def copy(source: Path, directory: Path, values: Mapping[str, Any], compiled: bool = True) -> None:
    """Make a workspace like another one that lies beside the same root, with other values: dotted key -> value.

    It takes milliseconds: dvc.yaml, DVC's settings and what fingerprints remember are the other one's. Without
    `compiled` dvc.yaml is compiled anew, as values that change the graph's shape need. Raises as `create` does.
    """
    from modelworks.build import dvcfile
    from snakemake_executor_plugin_dvc import hashing

    _refuse_existing(directory)
    root = find_root(source)
    changes = [(tuple(key.split(".")), value) for key, value in values.items()]
    wanted = params.overlaid(params.load(source / params.FILE), values)
    params.validate(wanted)
    directory.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{directory.name}.", dir=directory.parent)).absolute()
    try:
        partial.chmod(stat.S_IMODE(source.stat().st_mode))
        for name in _COPIED:
            for file in source.glob(name):
                target = partial / file.relative_to(source)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(file, target, follow_symlinks=False)
        (partial / _HASHES).parent.mkdir(parents=True)
        hashing.carry_over(source / _HASHES, source.absolute(), partial / _HASHES, directory.absolute())
        write_edited(partial / params.FILE, source / params.FILE, changes, wanted)
        _link_named_files(root, partial, wanted)
        if not compiled:
            write(partial / dvcfile.FILE, dvcfile.text(root / "Snakefile", partial))
        dvcfile.note_current(partial)
        _take_place(partial, directory)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def discard_partial(directory: Path) -> None:
    """Remove what `create` and `copy` have left that were killed while they made this one; nobody may be making it."""
    for path in directory.parent.glob(f".{directory.name}.*"):
        shutil.rmtree(path, ignore_errors=True)


def _link_named_files(root: Path, directory: Path, values: dict[str, Any]) -> None:
    """Link the files that values of params.yaml name, where they lie in the root and in no folder that is linked."""
    for name in params.files(values):
        source, target = root / name, directory / name
        if os.path.isabs(name) or Path(name).parts[0] in LINKED or not source.exists() or os.path.lexists(target):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(source)


def write(path: Path, text: str) -> None:
    """Write under a temporary name, then rename."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _refuse_existing(directory: Path) -> None:
    """What Snakemake makes of a --directory that is not there (an empty folder, `.snakemake`) does not count."""
    if directory.is_symlink() or (directory.exists() and not directory.is_dir()):
        raise WorkspaceError(f"{directory} exists and is not a directory: choose another name")
    if directory.is_dir() and {item.name for item in directory.iterdir()} - {".snakemake"}:
        names = {item.name for item in directory.iterdir()}
        is_root = "Snakefile" in names and not (directory / "Snakefile").is_symlink()
        what = "is a workspace already" if params.FILE in names else "exists and is not empty"
        what = "is the repository itself" if is_root else what
        raise WorkspaceError(f"{directory} {what}: nothing was changed. Choose another name, or remove it first")


def _refuse_place(root: Path, directory: Path) -> None:
    """A workspace links these folders of the root, and git's and DVC's own are theirs."""
    inner = os.path.relpath(directory.absolute(), root).split(os.sep)[0]
    if inner in (*LINKED, ".git", ".dvc", ".snakemake"):
        raise WorkspaceError(f"{directory} lies in {inner}/ of the repository: choose another place")


def _take_place(partial: Path, directory: Path) -> None:
    shutil.rmtree(directory / ".snakemake", ignore_errors=True)
    try:
        partial.rename(directory)
    except OSError as error:
        raise WorkspaceError(f"{directory}: cannot be made: {error.strerror}") from None


def _make_dvc_root(root: Path, directory: Path) -> None:
    """`dvc init --no-scm`, with the root's cache, link types and remotes. No git: the folder is ignored there."""
    import logging

    from dvc.config import Config
    from dvc.repo import Repo

    logging.getLogger("dvc.repo.init").setLevel(logging.WARNING)
    Repo.init(str(directory), no_scm=True).close()
    outer = Config(dvc_dir=str(root / ".dvc"))
    with Config(dvc_dir=str(directory / ".dvc")).edit() as inner:
        inner["cache"]["dir"] = os.path.abspath(root / ".dvc" / (outer["cache"].get("dir") or "cache"))
        if outer["cache"].get("type"):
            inner["cache"]["type"] = outer["cache"]["type"]
        inner["core"]["analytics"] = False
        if outer["core"].get("remote"):
            inner["core"]["remote"] = outer["core"]["remote"]
    with Config(dvc_dir=str(directory / ".dvc")).edit("local") as private:  # remotes may hold passwords
        private["remote"] = {name: dict(remote) for name, remote in outer["remote"].items()}
    if (root / ".dvcignore").is_file():
        shutil.copyfile(root / ".dvcignore", directory / ".dvcignore")
