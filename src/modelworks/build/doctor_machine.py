"""Checks of the machine and the environment: Python, packages, Landlock, Slurm, GPUs."""

import importlib.metadata
import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from modelworks.build import sandbox
from modelworks.build.finding import LIMIT_S, Finding, upwards

PYTHON = (3, 11)


def python(folder: Path) -> Iterator[Finding]:
    """The interpreter that runs this."""
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] == PYTHON:
        yield Finding("ok", f"Python {version}")
    else:
        yield Finding("fail", f"Python {version}, and 3.11 is needed", "Make the environment anew: make install")


def packages(folder: Path) -> Iterator[Finding]:
    """The installed versions against requirements.lock of the repository."""
    root = upwards(folder, "Snakefile")
    root = root and (root / "Snakefile").resolve().parent  # a workspace's is a link to the repository's
    if root is None or not (root / "requirements.lock").exists():
        yield Finding("ok", "packages: no requirements.lock here to compare with")
        return
    pins = [line.split("==") for line in (root / "requirements.lock").read_text().split() if "==" in line]
    differing = []
    for name, wanted in pins:
        try:
            found = importlib.metadata.version(name).partition("+")[0]
        except importlib.metadata.PackageNotFoundError:
            found = "missing"
        if found != wanted:
            differing.append(f"{name} {found}, pinned {wanted}")
    if not differing:
        yield Finding("ok", f"packages: all {len(pins)} as pinned in requirements.lock")
        return
    shown = "; ".join(differing[:5]) + (f"; and {len(differing) - 5} more" if len(differing) > 5 else "")
    remedy = "Results may differ from those of others: pip install --requirement requirements.lock"
    yield Finding("warn", f"packages: {len(differing)} of {len(pins)} differ: {shown}", remedy)


def landlock(folder: Path) -> Iterator[Finding]:
    """Whether the kernel can keep stages from reading what they do not declare."""
    version = sandbox.abi()
    if version:
        yield Finding("ok", f"Landlock: ABI {version}, undeclared reads are refused")
    else:
        remedy = "Use Linux 5.13 or later with landlock among the modules in /sys/kernel/security/lsm"
        yield Finding("warn", "Landlock: not available, undeclared reads go unnoticed", remedy)


def slurm(folder: Path) -> Iterator[Finding]:
    """Slurm's programs, whether its controller answers, and Snakemake's plugin for it."""
    programs = [name for name in ("sinfo", "sbatch") if shutil.which(name)]
    plugin = importlib.util.find_spec("snakemake_executor_plugin_slurm") is not None
    if not programs:
        yield Finding("ok", "Slurm: not installed, only needed for profiles/slurm")
        return
    if len(programs) == 1:
        yield Finding("warn", f"Slurm: {programs[0]} alone was found", "Install Slurm's client programs whole")
        return
    partitions = _said("sinfo", "--noheader", "--format=%P")
    if partitions is None:
        yield Finding("warn", "Slurm: installed, but sinfo gives no answer", "See that slurmctld runs: scontrol ping")
    elif not plugin:
        remedy = "pip install --requirement requirements-slurm.lock"
        yield Finding("warn", "Slurm: answers, but Snakemake's plugin for it is not installed", remedy)
    else:
        yield Finding("ok", f"Slurm: {len(partitions.split())} partitions")


def gpu(folder: Path) -> Iterator[Finding]:
    """The GPUs that the driver knows of, and whether the installed PyTorch can use them."""
    listed = _said("nvidia-smi", "--query-gpu=name", "--format=csv,noheader") if shutil.which("nvidia-smi") else ""
    if not listed:
        if listed is None:
            yield Finding("warn", "GPU: nvidia-smi gives no answer", "See what it says by hand")
        else:
            yield Finding("ok", "GPU: none, stages run on the CPU")
        return
    names = ", ".join(sorted(set(listed.strip().splitlines())))
    text = f"GPU: {len(listed.strip().splitlines())} ({names})"
    if _torch_has_cuda():
        yield Finding("ok", text)
    else:
        yield Finding("warn", f"{text}, but this PyTorch is built for the CPU", "Install a PyTorch with CUDA")


def _torch_has_cuda() -> bool:
    """Whether the installed PyTorch was built with CUDA, told by its files: importing it takes seconds."""
    found = importlib.util.find_spec("torch")
    folders = found.submodule_search_locations if found else None
    return any(Path(folder, "lib", "libtorch_cuda.so").exists() for folder in folders or ())


def _said(*command: str) -> str | None:
    """What a program prints, None if it fails or takes too long."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S * 0.75, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
