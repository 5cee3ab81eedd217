"""`modelworks doctor`: what it finds on a sound machine, and what it says of each fault."""

import shutil
import socket
import sys
import threading
import time
from collections import namedtuple
from pathlib import Path

import pytest
from dvc.config import Config

from modelworks import cli
from modelworks.build import doctor, sandbox
from modelworks.build import doctor_machine as machine
from modelworks.build import doctor_repository as repository
from modelworks.build.doctor import Check
from snakemake_executor_plugin_dvc import links
from tests.memo.forkserver import initialise

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A sound workspace: git, DVC, hard links."""
    made = tmp_path / "w"
    initialise(made, link_types="hardlink,copy")
    (made / ".git").mkdir()
    return made


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An otherwise empty folder of programs, the only one on PATH."""
    made = tmp_path / "bin"
    made.mkdir()
    monkeypatch.setenv("PATH", str(made))
    return made


def program(programs: Path, name: str, script: str) -> None:
    (programs / name).write_text(f"#!/bin/sh\n{script}\n")
    (programs / name).chmod(0o755)


def said(check: Check, folder: Path) -> str:
    """The lines of one check."""
    return "\n".join(map(str, check(folder)))


def configure(folder: Path, section: str, **settings: str) -> None:
    with Config(str(folder / ".dvc")).edit("repo") as edited:
        edited[section].update(settings)


def remote(folder: Path, **settings: str) -> None:
    with Config(str(folder / ".dvc")).edit("repo") as edited:
        edited["core"]["remote"] = "store"
        edited["remote"]["store"] = settings


def test_a_sound_workspace_is_ok_in_every_line_and_in_less_than_three_seconds(
    folder: Path, programs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "store").mkdir()
    remote(folder, url=str(folder / "store"))
    begin = time.monotonic()
    assert cli.main(["doctor", "--directory", str(folder)]) == 0
    assert time.monotonic() - begin < 3
    lines = capsys.readouterr().out.splitlines()
    subjects = [
        "Python 3.11", "packages:", "Landlock:", "Slurm:", "GPU:", "git:", "DVC:", "disk of the workspace:", "cache:",
        "damage:", "remote: 'store'",
    ]  # fmt: skip
    assert len(lines) == len(subjects)
    for line, subject in zip(lines, subjects, strict=True):
        assert line.startswith(("ok    " if subject != "disk of the workspace:" else line[:6]) + subject)
    assert list((folder / ".dvc/cache/memo/tmp").iterdir()) == []
    assert not list(folder.glob(".doctor-*"))


def test_outside_a_repository_it_says_so(tmp_path: Path, programs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["doctor", "--directory", str(tmp_path)]) == 1
    out = capsys.readouterr().out
    assert f"fail  DVC: {tmp_path} lies in no DVC repository. Make one: dvc init (without git: --no-scm)\n" in out
    assert (
        f"warn  git: {tmp_path} lies in no git repository. Make one, to note commits in the ledger: git init\n" in out
    )
    assert out.count("fail") == 1


def test_a_check_that_breaks_or_hangs_is_told_and_the_others_are_made(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(folder: Path) -> list[doctor.Finding]:
        raise ZeroDivisionError("no")

    def hangs(folder: Path) -> list[doctor.Finding]:
        threading.Event().wait()
        return []

    monkeypatch.setattr(doctor, "CHECKS", {"broken": breaks, "slow": hangs, "Python": machine.python})
    monkeypatch.setattr(doctor, "LIMIT_S", 0.2)
    lines = [str(finding) for finding in doctor.examine(folder)]
    assert lines[:2] == [
        "fail  broken: ZeroDivisionError: no. Try what it checks by hand",
        "warn  slow: no answer within 0 s. Try what it checks by hand",
    ]
    assert lines[2].startswith("ok    Python 3.11")


def test_another_python_fails(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 13, 1, "final", 0))
    assert said(machine.python, folder) == (
        "fail  Python 3.13.1, and 3.11 is needed. Make the environment anew: make install"
    )


def test_packages_that_differ_from_the_lock_file_are_listed_also_in_a_workspace(folder: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "Snakefile").touch()
    (folder / "Snakefile").symlink_to(root / "Snakefile")
    (root / "requirements.lock").write_text("no-such-package==1.0\npsutil==0.1\n")
    import psutil

    assert said(machine.packages, folder) == (
        f"warn  packages: 2 of 2 differ: no-such-package missing, pinned 1.0; psutil {psutil.__version__}, pinned 0.1."
        " Results may differ from those of others: pip install --requirement requirements.lock"
    )
    (root / "requirements.lock").write_text("".join(f"none-{number}==1\n" for number in range(7)))
    assert "none-4 missing, pinned 1; and 2 more." in said(machine.packages, folder)
    (root / "requirements.lock").write_text(f"psutil=={psutil.__version__}\n")
    assert said(machine.packages, folder) == "ok    packages: all 1 as pinned in requirements.lock"


def test_a_kernel_without_landlock_is_warned_of(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "abi", lambda: 0)
    assert said(machine.landlock, folder) == (
        "warn  Landlock: not available, undeclared reads go unnoticed."
        " Use Linux 5.13 or later with landlock among the modules in /sys/kernel/security/lsm"
    )


def test_slurm_absent_half_there_silent_without_plugin_and_right(
    folder: Path, programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert said(machine.slurm, folder) == "ok    Slurm: not installed, only needed for profiles/slurm"
    program(programs, "sinfo", "exit 1")
    assert said(machine.slurm, folder) == "warn  Slurm: sinfo alone was found. Install Slurm's client programs whole"
    program(programs, "sbatch", "exit 1")
    assert said(machine.slurm, folder) == (
        "warn  Slurm: installed, but sinfo gives no answer. See that slurmctld runs: scontrol ping"
    )
    program(programs, "sinfo", "echo cpu; echo gpu")
    monkeypatch.setattr(machine.importlib.util, "find_spec", lambda name: None)
    assert said(machine.slurm, folder) == (
        "warn  Slurm: answers, but Snakemake's plugin for it is not installed."
        " pip install --requirement requirements-slurm.lock"
    )
    monkeypatch.setattr(machine.importlib.util, "find_spec", lambda name: object())
    assert said(machine.slurm, folder) == "ok    Slurm: 2 partitions"


def test_gpus_with_and_without_a_pytorch_for_them(
    folder: Path, programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert said(machine.gpu, folder) == "ok    GPU: none, stages run on the CPU"
    program(programs, "nvidia-smi", "exit 9")
    assert said(machine.gpu, folder) == "warn  GPU: nvidia-smi gives no answer. See what it says by hand"
    program(programs, "nvidia-smi", "echo NVIDIA H100; echo NVIDIA H100")
    monkeypatch.setattr(machine, "_torch_has_cuda", lambda: False)
    assert said(machine.gpu, folder) == (
        "warn  GPU: 2 (NVIDIA H100), but this PyTorch is built for the CPU. Install a PyTorch with CUDA"
    )
    monkeypatch.setattr(machine, "_torch_has_cuda", lambda: True)
    assert said(machine.gpu, folder) == "ok    GPU: 2 (NVIDIA H100)"


def test_whether_pytorch_has_cuda_is_told_without_importing_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "torch/lib").mkdir(parents=True)
    (tmp_path / "torch/__init__.py").write_text("raise AssertionError('imported')")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    assert not machine._torch_has_cuda()
    (tmp_path / "torch/lib/libtorch_cuda.so").touch()
    assert machine._torch_has_cuda()


@pytest.mark.parametrize(("free", "total", "verdict"), [(9, 100, "warn"), (49, 1000, "warn"), (51, 1000, "ok  ")])
def test_little_room_on_the_disk_is_warned_of(
    folder: Path, free: int, total: int, verdict: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    gigabyte = 10**9
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(total * gigabyte, 0, free * gigabyte))
    remedy = ". Make room: `dvc gc --workspace` keeps only what dvc.lock names, and forgets other results"
    assert said(repository.disk, folder) == (
        f"{verdict}  disk of the workspace: {free} GB of {total} GB free{remedy if verdict == 'warn' else ''}"
    )


def another_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have what is called cache lie on a file system of its own, which no link crosses."""
    monkeypatch.setattr(repository, "_device", lambda path: int(path.name == "cache"))
    make = links.Links.make
    monkeypatch.setattr(links.Links, "make", lambda self, kind, *paths: kind == "copy" and make(self, kind, *paths))


def test_a_cache_on_a_disk_of_its_own_has_a_line_of_its_own(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    another_disk(monkeypatch)
    (folder / ".dvc/cache").mkdir()
    assert [line[6:].partition(":")[0] for line in said(repository.disk, folder).splitlines()] == [
        "disk of the workspace",
        "disk of the cache",
    ]


def test_a_cache_that_copies_is_warned_of_with_what_would_work(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = folder / ".dvc/cache"
    assert said(repository.cache_directory, folder) == f"ok    cache: {cache}, results are put in place by hardlink"
    configure(folder, "cache", type="copy")
    assert said(repository.cache_directory, folder) == (
        f"warn  cache: {cache}, results are copied, though hardlink works here."
        " Results take their space twice. Set: dvc config cache.type reflink,hardlink,copy"
    )
    refuse = links.Links.make
    monkeypatch.setattr(links.Links, "make", lambda self, kind, *paths: kind == "copy" and refuse(self, kind, *paths))
    assert said(repository.cache_directory, folder) == (
        f"warn  cache: {cache}, results are copied: the file system has no links."
        " Results take their space twice. Move it to a file system with hard links or reflinks"
    )


def test_a_cache_on_another_file_system_is_warned_of(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    another_disk(monkeypatch)
    assert said(repository.cache_directory, folder) == (
        f"warn  cache: {folder}/.dvc/cache is on another file system than the workspace, results are copied."
        " Results take their space twice. Put it on the same one (dvc cache dir), or: dvc config cache.type symlink"
    )


def test_a_cache_or_a_workspace_that_cannot_be_written_fails(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = folder / ".dvc/cache"

    def refuse(*arguments: object) -> bool:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patched:
        patched.setattr(links.Links, "make", refuse)
        assert said(repository.cache_directory, folder) == (
            f"fail  workspace: {folder} cannot be written: Permission denied. See its owner and mode"
        )
    shutil.rmtree(cache)
    cache.write_text("no folder")
    assert said(repository.cache_directory, folder) == (
        f"fail  cache: {cache} cannot be written: Not a directory."
        " Results are not kept until it can be written: see its owner and mode, or dvc cache dir"
    )


def test_damaged_objects_are_counted(folder: Path) -> None:
    damaged = folder / ".dvc/cache/memo/damaged"
    damaged.mkdir(parents=True)
    for name in ("a", "b"):
        (damaged / name).touch()
    assert said(repository.damaged_objects, folder) == (
        "warn  damage: 2 objects were set aside."
        f" Look for the cause (the disk, files edited in place), then: rm -r {damaged}"
    )


def test_a_configuration_that_dvc_cannot_read_fails_alone(folder: Path, programs: Path) -> None:
    (folder / ".dvc/config").write_text("[nonsense]\n    x = 1\n")
    lines = [str(finding) for finding in doctor.examine(folder)]
    failed = [line for line in lines if not line.startswith("ok")]
    assert len(failed) == 1
    assert failed[0].startswith(f"fail  DVC: its configuration cannot be read: {folder}/.dvc: ")
    assert failed[0].endswith(". Mend it by hand")


def test_a_remote_is_asked_and_one_that_is_silent_is_not_waited_for(folder: Path, programs: Path) -> None:
    assert said(repository.remote, folder) == (
        "ok    remote: none configured. To share results: dvc remote add -d store /path/to/store, then modelworks push"
    )
    remote(folder, url=str(folder / "store"))
    assert said(repository.remote, folder).startswith(
        f"warn  remote: the remote 'store' ({folder}/store) cannot be used: there is no such folder"
    )
    (folder / "store").mkdir()
    assert said(repository.remote, folder) == f"ok    remote: 'store' ({folder}/store) answers"
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        remote(folder, url="s3://b/s", endpointurl=address, access_key_id="a", secret_access_key="b")
        begin = time.monotonic()
        lines = [str(finding) for finding in doctor.examine(folder)]
        assert time.monotonic() - begin < 3
    assert lines[-1] == "warn  remote: no answer within 2 s. Try what it checks by hand"
