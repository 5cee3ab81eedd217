"""Finished trials as DVC experiments: `dvc exp show` lists them, `dvc exp apply` brings one back.

An experiment is a commit on top of HEAD that no branch names: HEAD's files, with the trial's params.yaml, and with its
stages in dvc.lock in the place of the root's. Where the sweep's base has another graph than the repository (a preset
changes structural keys) it has the base's dvc.yaml, too. It is made with git's plumbing, so neither index nor files are
touched. Who made it and when are HEAD's: the same trial on the same commit is the same experiment.
"""

import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelworks.build import dvcfile, laid_over, params, plain_yaml
from modelworks.build.errors import ModelworksError

_LOCK = "dvc.lock"
_AUTHOR = {"NAME": "modelworks", "EMAIL": "modelworks@localhost"}


@dataclass(frozen=True)
class Saved:
    """An experiment as `dvc exp` knows it, and its commit."""

    name: str
    commit: str


@dataclass(frozen=True)
class LeftOut:
    """Why a trial is no experiment."""

    reason: str


def name_of(sweep: str, number: int) -> str:
    """What a trial is called as an experiment."""
    return f"{sweep}-{number:04d}"


def save(root: Path, sweep: str, number: int, folder: Path, base: Path) -> Saved | LeftOut:
    """Make an experiment of a trial, whose params.yaml and dvc.lock lie in `folder`. It never raises for git's faults.

    `base` is the workspace with the sweep's base values: a trial's params.yaml need only have its own. An
    experiment of the same name on the same commit is replaced.
    """
    name = name_of(sweep, number)
    try:
        text = _params(base, folder)
        graph = _graph(root, base, plain_yaml.parse(text).data)
        lock = merged(root / _LOCK, folder / _LOCK)
        prefix = _git(root, "rev-parse", "--show-prefix")
        head = _git(root, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
        files = {f"{prefix}{params.FILE}": text.encode(), f"{prefix}{_LOCK}": lock.encode()}
        if graph != root / dvcfile.FILE:
            files[f"{prefix}{dvcfile.FILE}"] = graph.read_bytes()
        commit = _commit(root, head, files, name)
        _git(root, "update-ref", f"refs/exps/{head[:2]}/{head[2:]}/{name}", commit)
    except dvcfile.DvcfileError as error:
        return LeftOut(f"its graph has another shape than the sweep's base: {error}")
    except subprocess.CalledProcessError as error:
        said = error.stderr.strip()
        return LeftOut(f"git {error.cmd[3]}: {said}" if said else "the repository has no commit yet")
    except (OSError, ValueError, ModelworksError) as error:
        return LeftOut(str(error))
    return Saved(name, commit)


def _params(base: Path, trial: Path) -> str:
    """The text of the base's params.yaml with a trial's values. Raises OSError and ParamsError."""
    own = params.load(trial / params.FILE)
    text = laid_over.edited((base / params.FILE).read_text(encoding="utf-8"), params.leaves(own))
    params.validate(plain_yaml.parse(text).data)
    return text


def _graph(root: Path, base: Path, values: dict[str, Any]) -> Path:
    """The dvc.yaml that holds for a trial's values. Raises DvcfileError if neither does."""
    for path in (root / dvcfile.FILE, base / dvcfile.FILE):
        try:
            dvcfile.check_structure(path, values)
        except dvcfile.DvcfileError as error:
            fault = error
        else:
            return path
    raise fault


def merged(root: Path, trial: Path) -> str:
    """The text of a lock file with a trial's stages in the place of the root's, and the root's others as they are.

    Raises OSError without a trial's lock file, ValueError for one that is none.
    """
    from snakemake_executor_plugin_dvc import lockyaml

    blocks = lockyaml.split(lockyaml.read_text(root)) | lockyaml.split(trial.read_text(encoding="utf-8"))
    return lockyaml.HEAD + "".join(blocks.values())


def unavailable(root: Path) -> str | None:
    """Why no trial of a repository can be an experiment; None if they can."""
    try:
        _git(root, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    except (OSError, subprocess.CalledProcessError):
        return "experiments need a git repository with a commit"
    return None


def uncommitted(root: Path) -> list[str]:
    """Tracked files that differ from HEAD, other than those that an experiment brings: it will not have them."""
    listed = _git(root, "diff", "--name-only", "--relative", "HEAD")
    return [name for name in listed.splitlines() if name not in (params.FILE, _LOCK)]


def listed(root: Path, sweep: str) -> list[str]:
    """The refs of a sweep's experiments, on whatever commits."""
    try:
        refs = _git(root, "for-each-ref", "--format=%(refname)", "refs/exps").split()
    except (OSError, subprocess.CalledProcessError):
        return []
    return [ref for ref in refs if (stem := ref.rpartition("/")[2].rpartition("-"))[0] == sweep and stem[2].isdigit()]


def remove(root: Path, refs: list[str]) -> None:
    """Remove experiments by their refs."""
    for ref in refs:
        _git(root, "update-ref", "-d", ref)


def _commit(root: Path, head: str, files: dict[str, bytes], name: str) -> str:
    """A commit on top of `head` with other contents of some files."""
    date = _git(root, "show", "--no-patch", "--format=%ct +0000", head)
    who = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in _AUTHOR.items()}
    who |= {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
    with tempfile.TemporaryDirectory(prefix="modelworks-") as folder:
        index = {"GIT_INDEX_FILE": f"{folder}/index"}
        _git(root, "read-tree", head, environ=index)
        for path, content in files.items():
            blob = _git(root, "hash-object", "-w", "--stdin", stdin=content)
            _git(root, "update-index", "--add", "--cacheinfo", f"100644,{blob},{path}", environ=index)
        tree = _git(root, "write-tree", environ=index)
    return _git(root, "commit-tree", tree, "-p", head, "-m", f"modelworks: trial {name}", environ=who)


def _git(root: Path, *arguments: str, stdin: bytes = b"", environ: dict[str, str] | None = None) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = ["git", "-C", str(root), *arguments]
    done = subprocess.run(command, input=stdin, capture_output=True, check=False, env=kept | (environ or {}))
    if done.returncode:
        text = done.stderr.decode("utf-8", "replace")
        raise subprocess.CalledProcessError(done.returncode, command, stderr=text)
    return done.stdout.decode("utf-8", "surrogateescape").strip()
