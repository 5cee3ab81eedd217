"""A workspace for tests of one or a few builds, driven through the command line."""

import signal
import subprocess
from pathlib import Path

from .forkserver import BIN, Workspace, shared


class Project(Workspace):
    """A workspace whose builds can also be started as processes of their own, and DVC's commands run in it."""

    def __init__(self, folder: Path, cache: Path | None = None, link_types: str | None = None) -> None:
        super().__init__(shared(), folder, cache, link_types)

    def put(self, **files: str) -> None:
        """Write files; `__` in a name stands for a dot."""
        self.write({name.replace("__", "."): text for name, text in files.items()})

    def dvc(self, *arguments: str) -> str:
        result = subprocess.run(
            [str(BIN / "dvc"), *arguments],
            check=False,
            cwd=self.folder,
            capture_output=True,
            text=True,
            env=self.environment(),
        )
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout + result.stderr

    def spawn(self, *arguments: str, **extra: str) -> subprocess.Popen[str]:
        """Start snakemake as a new process, in a process group of its own."""
        self.log.unlink(missing_ok=True)
        return subprocess.Popen(
            [str(BIN / "snakemake"), *arguments, *self.flags("dvc")],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=self.environment(**extra),
            start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

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
    project.put(Snakefile=CHAIN, source__txt="b\na\n")
    return project
