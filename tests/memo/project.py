"""A small Snakemake project with a DVC cache of its own, driven through the command line."""

import os
import signal
import subprocess
import textwrap
from pathlib import Path

from .forkserver import BIN, Build, initialise, shared


class Project:
    """A folder with a Snakefile whose jobs append their name to `ran.log` outside the workspace."""

    def __init__(self, folder: Path, cache: Path | None = None, link_types: str | None = None) -> None:
        self.folder = folder
        self.log = folder.parent / f"{folder.name}-ran.log"
        initialise(folder, cache, link_types)
        self.cache = cache or folder / ".dvc" / "cache"

    def environment(self, **extra: str) -> dict[str, str]:
        """The environment of commands: the virtual environment first on PATH, the log of executed jobs."""
        return {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "RAN": str(self.log), **extra}

    def write(self, **files: str) -> None:
        """Write files; `__` in a name stands for a dot."""
        for name, text in files.items():
            path = self.folder / name.replace("__", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text).lstrip("\n"))

    def read(self, name: str) -> str:
        return (self.folder / name).read_text()

    def dvc(self, *arguments: str) -> str:
        command = [str(BIN / "dvc"), *arguments]
        result = subprocess.run(
            command, check=False, cwd=self.folder, capture_output=True, text=True, env=self.environment()
        )
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout + result.stderr

    def command(self, *arguments: str, executor: str = "dvc") -> list[str]:
        flags = ["--executor", executor, "--cores", "2", "--scheduler", "greedy", "--rerun-incomplete", "--nocolor"]
        return [str(BIN / "snakemake"), *arguments, *flags]

    def build(self, *arguments: str, executor: str = "dvc", **extra: str) -> Build:
        """Run snakemake in a fork; `ran` lists what the jobs wrote to $RAN."""
        self.log.unlink(missing_ok=True)
        command = self.command(*arguments, executor=executor)
        code, output = shared().start(command[1:], self.folder, self.environment(**extra)).wait()
        return Build(code, output, self.executed())

    def start(self, *arguments: str, **extra: str) -> subprocess.Popen[str]:
        """Start snakemake in a process group of its own."""
        self.log.unlink(missing_ok=True)
        return subprocess.Popen(
            self.command(*arguments),
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=self.environment(**extra),
            start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    def executed(self) -> list[str]:
        return sorted(self.log.read_text().split()) if self.log.exists() else []

    def objects(self) -> list[Path]:
        return sorted(path for path in (self.cache / "files" / "md5").rglob("*") if path.is_file())


CHAIN = """
    rule all:
        input: "upper.txt", "listing"
    rule copy:
        input: "source.txt"
        output: "copy.txt"
        shell: "echo copy >> $RAN; sort {input} > {output}"
    rule upper:
        input: "copy.txt"
        output: "upper.txt"
        shell: "echo upper >> $RAN; tr a-z A-Z < {input} > {output}"
    rule listing:
        input: "copy.txt"
        output: directory("listing")
        params: name=config.get("name", "first")
        shell: "echo listing >> $RAN; mkdir -p {output}/sub; cp {input} {output}/sub/{params.name}; date > /dev/null"
"""


def chain(folder: Path, **options: object) -> Project:
    """A project of three jobs: copy, then upper and listing (a directory)."""
    project = Project(folder, **options)  # type: ignore[arg-type]
    project.write(Snakefile=CHAIN, source__txt="b\na\n")
    return project
