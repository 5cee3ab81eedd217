"""The two README commands, the lock file, the profile, the command line and the test machine's rules."""

import importlib.metadata
import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.build.repository import BIN, PROJECT, RULES, Repository

LOCK = [line for line in (PROJECT / "requirements.lock").read_text().splitlines() if line]
# Every rule runs in the one environment of requirements.lock; `{rule}` is Snakemake's own name, which its lint forgets.
ALLOWED_LINTS = {"Specify a conda environment or container for each rule.:"}


def test_the_lock_file_pins_every_distribution_plainly() -> None:
    assert len(LOCK) > 150
    assert [line for line in LOCK if not re.fullmatch(r"[A-Za-z0-9._-]+==[0-9A-Za-z.]+", line)] == []
    assert re.fullmatch(r"torch==2\.13\.\d+", next(line for line in LOCK if line.startswith("torch==")))


def test_the_lock_file_is_what_is_installed() -> None:
    installed = {
        re.sub(r"[-_.]+", "-", found.metadata["Name"]).lower(): found.version.partition("+")[0]
        for found in importlib.metadata.distributions()
    }
    locked = {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in (line.split("==") for line in LOCK)}
    assert {name: installed.get(name) for name in locked} == locked
    assert set(installed) - set(locked) <= {"modelworks", "pip", "wheel"}


def test_installing_gives_the_command_and_the_plugin() -> None:
    scripts = importlib.metadata.entry_points(group="console_scripts", name="modelworks")
    assert [script.value for script in scripts] == ["modelworks.cli:main"]
    for plugin in ("snakemake_executor_plugin_dvc", "snakemake_executor_plugin_dvc_slurm"):
        assert importlib.util.find_spec(plugin) is not None


def test_help_is_instant_and_imports_nothing_heavy() -> None:
    code = "import sys; from modelworks import cli\ntry: cli.main(['--help'])\nexcept SystemExit: pass\n"
    code += "print(sorted({'snakemake', 'dvc', 'torch', 'pydantic', 'yaml', 'polars'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("[]\n")
    assert "workspace" in done.stdout


@pytest.mark.parametrize(
    "command",
    [
        *("workspace create", "params", "dvcfile", "fingerprint", "push", "pull", "doctor", "cache verify"),
        *("plan", "why", "costs", "lineage", "ls", "report", "get", "gc"),
        *("sweep run", "sweep show", "sweep clean", "sweep gc"),
    ],
)
def test_every_subcommand_explains_itself(command: str) -> None:
    done = subprocess.run([BIN / "modelworks", *command.split(), "--help"], capture_output=True, text=True, check=True)
    assert f"usage: modelworks {command}" in done.stdout


def test_snakemake_needs_no_flag_and_no_activated_environment(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "root", git=False)
    repository.rules(RULES.replace("cat {input.data} >", "python -c 'import sys; print(sys.prefix)' >"))
    environ = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    done = subprocess.run(
        [BIN / "snakemake", "artifacts/copy.txt"],
        cwd=repository.root,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert Path((repository.root / "artifacts/copy.txt").read_text().strip()) == BIN.parent
    assert re.search(r"^restored 0, ran 1, not memoized 0, saved 0 s, elapsed .* s$", done.stderr, re.MULTILINE)


def test_the_profile_names_the_executor_the_greedy_scheduler_and_reruns_incomplete_jobs() -> None:
    profile = yaml.safe_load((PROJECT / "profiles/default/config.yaml").read_text())
    wanted = {"executor": "dvc", "cores": "all", "scheduler": "greedy", "rerun-incomplete": True}
    assert {key: profile[key] for key in wanted} == wanted


def test_the_cluster_profile_names_options_that_there_are_and_functions_that_are_there() -> None:
    profile = yaml.safe_load((PROJECT / "profiles/slurm/config.yaml").read_text())
    assert profile["executor"] == "dvc-slurm"
    for name in ("refresh", "snapshot"):
        module, _, function = profile[f"dvc-slurm-{name}"].partition(":")
        assert callable(getattr(importlib.import_module(module), function))
    beside = Path(sys.prefix) / "slurm"
    if not beside.is_dir():
        pytest.skip("needs Snakemake's Slurm plugin beside the environment: make .venv/slurm/installed")
    environ = os.environ | {"PYTHONPATH": str(beside)}
    help_text = subprocess.run([BIN / "snakemake", "--help"], env=environ, capture_output=True, text=True, check=True)
    assert [key for key in profile if f"--{key}" not in help_text.stdout] == []
    partitions = yaml.safe_load((PROJECT / profile["dvc-slurm-partition-config"]).read_text())["partitions"]
    assert any("max_gpu" in partition for partition in partitions.values())


def test_without_snakemakes_slurm_plugin_the_cluster_profile_says_how_to_install_it() -> None:
    command = [BIN / "snakemake", "--workflow-profile", "profiles/slurm", "-n"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    said = "executor dvc-slurm needs Snakemake's Slurm plugin: pip install --requirement requirements-slurm.lock"
    assert said in done.stdout + done.stderr


def test_lint_of_the_rules_gives_only_its_advice_on_conda() -> None:
    done = subprocess.run([BIN / "snakemake", "--lint"], cwd=PROJECT, capture_output=True, text=True, check=False)
    advice = re.findall(r"^    \* (.*)$", done.stdout + done.stderr, re.MULTILINE)
    assert "Traceback" not in done.stderr
    assert len(advice) >= 9
    assert set(advice) <= ALLOWED_LINTS


def test_every_test_file_is_collected() -> None:
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    collected = set(re.findall(r"^(tests/\S+?\.py)::", done.stdout, re.MULTILINE))
    files = {str(path.relative_to(PROJECT)) for path in (PROJECT / "tests").rglob("test_*.py")}
    assert len(files) > 30
    assert collected == files


def test_common_rules_stay_small() -> None:
    assert len((PROJECT / "rules/common.smk").read_text().splitlines()) < 150


def test_the_ci_script_is_valid_bash_and_calls_make_test() -> None:
    script = PROJECT / ".ci/run"
    subprocess.run(["bash", "-n", script], check=True)
    assert os.access(script, os.X_OK)
    assert "exec make test" in script.read_text()


@pytest.mark.parametrize(
    ("reason", "strict", "code"),
    [("needs a GPU", "1", 0), ("../shared is not there", "1", 0), ("because", "1", 1), ("because", "", 0)],
)
def test_a_skip_without_a_listed_reason_fails_where_every_test_must_run(
    reason: str, strict: str, code: int, tmp_path: Path
) -> None:
    (tmp_path / "conftest.py").write_text((PROJECT / "tests/conftest.py").read_text())
    (tmp_path / "test_it.py").write_text(
        f"import pytest\n@pytest.mark.skip(reason={reason!r})\ndef test_marked(): pass\n"
        f"def test_called(): pytest.skip({reason!r})\n"
    )
    environ = {**os.environ, "CI": "", "MODELWORKS_STRICT_SKIPS": strict}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(command, env=environ, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout
    assert ("1 failed, 1 error" if code else "2 skipped") in done.stdout


def test_the_licence_is_apache_2() -> None:
    text = (PROJECT / "LICENSE").read_text()
    assert "Apache License\n                           Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text
