"""A small Modelworks repository for tests: the project's own common.smk, schema and params over trivial rules."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.memo.forkserver import Started, shared

PROJECT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
SNAKEFILE = """\
from snakemake.utils import min_version
from modelworks.build import workspace
min_version("9.27")
workspace.prefer_own_interpreter()
include: "rules/common.smk"
onstart:
    record_fingerprints()
"""
RULES = """\
CHECKPOINTS = range(reads("k2.run.decay_chunks")["k2.run.decay_chunks"])

rule all:
    input: expand("artifacts/parts/{n}.txt", n=CHECKPOINTS), "artifacts/plots/loss.csv", "artifacts/metrics.json"

rule copy:
    input: code=code("modelworks.stage"), data="data/in.txt"
    output: "artifacts/copy.txt"
    log: "logs/copy.log"
    params: reads=reads("seed", "k2.samples")
    shell: "mkdir -p artifacts && cat {input.data} > {output}"

rule part:
    input: code=code("modelworks.stage"), text="artifacts/copy.txt"
    output: "artifacts/parts/{n}.txt"
    params: reads=reads("seed")
    shell: "mkdir -p artifacts/parts && tail -c {wildcards.n} {input.text} > {output}"

rule scores:
    input: code=code("modelworks.stage"), text="artifacts/copy.txt"
    output: table="artifacts/plots/loss.csv", metrics="artifacts/metrics.json"
    params: reads=reads("k2.train")
    shell:
        "mkdir -p artifacts/plots && printf 'step,loss\\\\n1,2.5\\\\n2,1.5\\\\n' > {output.table}"
        " && printf '{{\\"bytes\\": %s}}' $(wc -c < {input.text}) > {output.metrics}"
"""


class Repository:
    """A repository, and the programs run in it or in one of its workspaces."""

    def __init__(self, root: Path, rules: str = RULES, git: bool = True) -> None:
        self.root = root
        for name in ("rules", "profiles", "presets"):
            shutil.copytree(PROJECT / name, root / name, ignore=shutil.ignore_patterns("k2*.smk", "claims.smk"))
        for name in ("params.yaml", ".gitignore", ".dvcignore", ".dvc/config", ".dvc/.gitignore"):
            (root / name).parent.mkdir(exist_ok=True)
            shutil.copyfile(PROJECT / name, root / name)
        self.rules(rules)
        self.write("data/in.txt", "some data\n")
        if git:
            self.git("init", "-q", "-b", "main")
        else:
            config = root / ".dvc/config"
            config.write_text(config.read_text().replace("[core]", "[core]\n    no_scm = true"))

    def rules(self, text: str) -> None:
        """Write a Snakefile with these rules below what every one begins with."""
        self.write("Snakefile", SNAKEFILE + text)

    def write(self, name: str, text: str) -> Path:
        """Write a file below the root."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def git(self, *arguments: str) -> str:
        """Run git in the root; what it prints."""
        identity = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
        return self.run("git", *identity, *arguments).stdout

    def commit(self) -> None:
        """Commit everything."""
        self.git("add", "-A")
        self.git("commit", "-qm", "test")

    def run(
        self, program: str, *arguments: object, cwd: Path | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run a program of the environment (or git), without inherited build settings; its output as text."""
        command = [str(BIN / program) if (BIN / program).exists() else program, *map(str, arguments)]
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("MODELWORKS_", "GIT_"))}
        environ |= {"DVC_NO_ANALYTICS": "1", "NO_COLOR": "1", "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
        environ |= {
            f"GIT_{who}_{what}": "test@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
        }
        done = subprocess.run(
            command, cwd=cwd or self.root, env=environ, capture_output=True, text=True, timeout=120, check=False
        )
        if check and done.returncode:
            raise AssertionError(f"{' '.join(command)}: exit code {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    def snakemake(self, *arguments: object, cwd: Path | None = None, check: bool = True) -> str:
        """Run snakemake; what it prints on stderr."""
        return self.run("snakemake", *arguments, cwd=cwd, check=check).stderr

    def start(self, *arguments: str, folder: Path | None = None, **extra: str) -> Started:
        """Start a build with one core in a fork, in the root or in another folder."""
        flags = ["--executor", "dvc", "--cores", "1", "--scheduler", "greedy", "--rerun-incomplete"]
        environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", **extra}
        return shared().start([*arguments, *flags], folder or self.root, environment)


def counts(started: Started) -> tuple[int, int]:
    """What a build that succeeds, all of it memoized, has restored and run."""
    code, output = started.wait()
    found = re.search(r"^restored (\d+), ran (\d+), not memoized 0", output, re.MULTILINE)
    assert code == 0 and found, output
    return int(found[1]), int(found[2])
