"""What the tests of the runner share: a temporary project with stage modules, and a way to run one."""

import os
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

import pytest

from modelworks.build import fingerprint, sandbox

needs_landlock = pytest.mark.skipif(sandbox.abi() == 0, reason="the kernel lacks Landlock")
ENGINE = Path(fingerprint.__file__).parents[2]


@dataclass
class Project:
    """A project folder, the working directory of the test, whose stage modules lie in `src/demo`."""

    root: Path

    def write(self, name: str, text: str) -> Path:
        """Write a file below the root."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
        return path

    def stage(self, body: str, name: str = "stage", head: str = "") -> str:
        """Write a stage module whose `main(stage)` is `body`; its dotted name."""
        text = textwrap.dedent(head) + "\ndef main(stage):\n" + textwrap.indent(textwrap.dedent(body), "    ")
        (self.root / "src/demo").mkdir(parents=True, exist_ok=True)
        (self.root / f"src/demo/{name}.py").write_text(text)
        return f"demo.{name}"

    def command(self, module: str, *arguments: str, code: bool = True) -> list[str]:
        """The runner's command line for rule `demo_rule`, after fingerprinting the module."""
        if code:
            fingerprint.write([module])
            arguments = ("--in", "code", f"artifacts/code/{module}.json", *arguments)
        return [sys.executable, "-m", "modelworks.build.run", module, "--rule", "demo_rule", *arguments]

    def run(self, module: str, *arguments: str, code: bool = True, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run a stage to its end."""
        command = self.command(module, *arguments, code=code)
        return subprocess.run(
            command, env=os.environ | environ, capture_output=True, text=True, timeout=60, check=False
        )


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """An empty project on PYTHONPATH, with one rules file."""
    made = Project(tmp_path / "project")
    made.write("pyproject.toml", "")
    made.write("src/demo/__init__.py", "")
    made.write("rules/demo.smk", "rule demo_rule:\n    shell: 'true'\n")
    monkeypatch.chdir(made.root)
    monkeypatch.setenv("PYTHONPATH", f"{made.root / 'src'}{os.pathsep}{ENGINE}")
    monkeypatch.delenv("MODELWORKS_BUILD_PID", raising=False)
    return made
