"""The runner: exit codes, live output and log, outputs moved into place, and processes that end with their build."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .conftest import Project


def wait_for(condition: object, what: str, seconds: float = 20) -> None:
    """Wait until a function gives something true."""
    assert callable(condition)
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    """Whether a process exists and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("pass", 0),
        ("raise SystemExit(7)", 7),
        ("raise SystemExit", 0),
        ("raise ValueError('odd')", 1),
        ("import os; os._exit(9)", 9),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", 128 + 11),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", 128 + 9),
    ],
)
def test_the_exit_status_is_the_stages_and_128_plus_n_for_a_signal(project: Project, body: str, status: int) -> None:
    assert project.run(project.stage(body)).returncode == status


def test_output_comes_live_and_in_order_and_goes_to_the_log_too(project: Project) -> None:
    module = project.stage(
        """
        import subprocess, sys, time
        for number in range(5):
            print("out", number)
            print("err", number, file=sys.stderr)
            subprocess.run(["echo", "child", str(number)])
        time.sleep(1.5)
        print("end", end="")
        """
    )
    command = project.command(module, "--log", "logs/deep/a.log")
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        start = time.monotonic()
        lines = [process.stderr.readline().strip() for _ in range(15)]
        assert process.poll() is None
        rest = process.stderr.read()
        assert time.monotonic() - start > 1
    expected = [f"{word} {number}" for number in range(5) for word in ("out", "err", "child")]
    assert lines == expected
    assert rest == "end"
    assert Path("logs/deep/a.log").read_text() == "\n".join(expected) + "\nend"


def test_a_log_of_dev_stderr_prints_once(project: Project) -> None:
    result = project.run(project.stage("print('once')"), "--log", "/dev/stderr")
    assert (result.returncode, result.stderr) == (0, "once\n")


def test_a_failure_is_in_the_log_with_its_remedy(project: Project) -> None:
    project.run(project.stage("raise ValueError('odd')"), "--log", "a.log")
    assert "ValueError: odd\nerror: rule demo_rule: demo.stage failed with exit status 1" in Path("a.log").read_text()


def test_the_stage_gets_what_the_command_line_declares(project: Project) -> None:
    project.write("a.txt", "")
    project.write("b.txt", "")
    project.write("params.yaml", "seed: 5\nk: {rate: 1e-3, on: true}\n")
    module = project.stage(
        """
        assert [str(path) for path in stage.inputs["many"]] == ["a.txt", "b.txt"]
        assert stage.output("made").name == "made.txt"
        assert stage.args == {"name": "a=b"}
        assert stage.seed() > 0
        assert stage.params == {"seed": 5, "k": {"rate": 0.001, "on": True}}
        stage.output("made").write_text("made")
        """
    )
    arguments = ["--in", "many", "a.txt", "b.txt", "--out", "made", "artifacts/deep/made.txt", "--arg", "name=a=b"]
    result = project.run(module, *arguments, "--reads", "seed", "k")
    assert result.returncode == 0, result.stderr
    assert Path("artifacts/deep/made.txt").read_text() == "made"


def test_every_fault_of_a_declaration_is_in_one_error(project: Project) -> None:
    project.write("params.yaml", "seed: 1\n")
    module = project.stage("print('ran')")
    result = project.run(module, "--in", "a", "gone.txt", "--reads", "zzz", "--arg", "odd")
    assert result.returncode == 1
    assert result.stderr == (
        "error: rule demo_rule: input a: there is no gone.txt; --arg odd is not NAME=VALUE;"
        " params.yaml has no key zzz\n"
    )


def test_a_missing_params_yaml_and_a_broken_fingerprint_are_named(project: Project) -> None:
    module = project.stage("pass")
    assert "params.yaml cannot be read" in project.run(module, "--reads", "seed").stderr
    project.write("bad.json", "{")
    result = project.run(module, "--in", "code", "bad.json", code=False)
    assert (result.returncode, "--in code bad.json is no fingerprint" in result.stderr) == (1, True)
    result = project.run(module, code=False)
    assert result.returncode == 1
    assert f"it has no fingerprint: add code=code('{module}') to `input:` and --in code {{input.code}}" in result.stderr


def test_a_declared_output_that_was_not_made_is_an_error_and_nothing_is_moved(project: Project) -> None:
    module = project.stage("stage.output('a').write_text('a')")
    result = project.run(module, "--out", "a", "artifacts/a", "--out", "b", "artifacts/b")
    assert result.returncode == 1
    assert "error: rule demo_rule: demo.stage did not make its output artifacts/b" in result.stderr
    assert not Path("artifacts/a").exists()


def test_a_file_made_beside_the_outputs_is_an_error(project: Project) -> None:
    module = project.stage("stage.output('a').write_text('a'); stage.output('a').with_name('extra').write_text('e')")
    result = project.run(module, "--out", "a", "artifacts/a")
    assert result.returncode == 1
    assert "demo.stage made artifacts/extra, which is not declared as output" in result.stderr


def test_a_failed_stage_leaves_earlier_outputs_and_no_partial_ones(project: Project) -> None:
    old = project.write("artifacts/a", "old")
    module = project.stage("stage.output('a').write_text('half'); raise ValueError")
    assert project.run(module, "--out", "a", "artifacts/a").returncode == 1
    assert old.read_text() == "old"
    assert sorted(path.name for path in Path("artifacts").iterdir()) == ["a", "code"]


def test_a_read_only_link_into_a_cache_is_replaced_and_never_written_through(project: Project) -> None:
    cached = project.write("cache/object", "old")
    cached.chmod(0o444)
    Path("artifacts").mkdir()
    Path("artifacts/a").hardlink_to(cached)
    Path("artifacts/folder").mkdir()
    Path("artifacts/folder/stale").write_text("")
    module = project.stage("stage.output('a').write_text('new')\nstage.output('f').mkdir()")
    result = project.run(module, "--out", "a", "artifacts/a", "--out", "f", "artifacts/folder")
    assert result.returncode == 0, result.stderr
    assert (cached.read_text(), Path("artifacts/a").read_text()) == ("old", "new")
    assert list(Path("artifacts/folder").iterdir()) == []


SLEEPER = """
import os, subprocess, sys, time
sleep = [sys.executable, "-c", "import time; time.sleep(60)"]
processes = [subprocess.Popen(sleep), subprocess.Popen(sleep, start_new_session=True)]
stage.output("made").write_text("half")
print("pids", os.getpid(), *(process.pid for process in processes), os.environ["TMPDIR"], flush=True)
time.sleep(60)
"""


def start_sleeper(project: Project, **environ: str) -> tuple[subprocess.Popen[str], list[int], Path]:
    """Start a stage that sleeps with two children, one in a session of its own; the pids and its TMPDIR."""
    command = project.command(project.stage(SLEEPER), "--out", "made", "artifacts/made", "--log", "a.log")
    process = subprocess.Popen(command, env=os.environ | environ, stderr=subprocess.DEVNULL, text=True)
    log = Path("a.log")
    wait_for(lambda: log.exists() and log.read_text().endswith("\n"), "the stage did not start")
    words = log.read_text().split()
    pids = [int(word) for word in words[1:4]]
    assert all(map(is_running, pids))
    return process, pids, Path(words[4])


def assert_all_gone(pids: list[int], temporary: Path) -> None:
    """No process of the stage is left, nor its temporary folder, nor a partial output."""
    wait_for(lambda: not any(map(is_running, pids)), f"still running: {list(filter(is_running, pids))}", 5)
    wait_for(lambda: not temporary.exists(), "TMPDIR is left", 5)
    wait_for(lambda: [path.name for path in Path("artifacts").iterdir()] == ["code"], "a partial output is left", 5)


def test_the_stage_and_its_children_end_when_their_build_is_killed(project: Project) -> None:
    build = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    process, pids, temporary = start_sleeper(project, MODELWORKS_BUILD_PID=str(build.pid))
    build.kill()
    assert process.wait(10) == 128 + signal.SIGKILL
    assert_all_gone(pids, temporary)
    build.wait()


def test_the_stage_and_its_children_end_when_the_runner_is_killed(project: Project) -> None:
    process, pids, temporary = start_sleeper(project)
    process.kill()
    process.wait()
    assert_all_gone(pids, temporary)


def test_the_stage_and_its_children_end_when_the_keeper_is_killed(project: Project) -> None:
    process, pids, temporary = start_sleeper(project)
    keeper = int(Path(f"/proc/{pids[0]}/stat").read_text().rpartition(")")[2].split()[1])
    assert keeper != process.pid
    os.kill(keeper, signal.SIGKILL)
    assert process.wait(10) == 128 + signal.SIGKILL
    assert_all_gone(pids, temporary)


def test_the_stage_ends_when_the_keeper_is_killed_and_the_runner_does_nothing(project: Project) -> None:
    process, pids, _ = start_sleeper(project)
    keeper = int(Path(f"/proc/{pids[0]}/stat").read_text().rpartition(")")[2].split()[1])
    process.send_signal(signal.SIGSTOP)
    os.kill(keeper, signal.SIGKILL)
    try:
        wait_for(lambda: not is_running(pids[0]), "the stage runs on", 5)
    finally:
        process.send_signal(signal.SIGCONT)
        process.wait(10)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_the_stage_and_its_children_and_is_the_exit_status(
    project: Project, number: signal.Signals
) -> None:
    process, pids, temporary = start_sleeper(project)
    process.send_signal(number)
    assert process.wait(10) == 128 + number
    assert_all_gone(pids, temporary)
    assert f"error: rule demo_rule: stopped by {number.name}" in Path("a.log").read_text()


def test_a_child_that_the_stage_leaves_behind_ends_with_it(project: Project) -> None:
    body = "import subprocess; print(subprocess.Popen(['sleep', '60'], start_new_session=True).pid)"
    result = project.run(project.stage(body))
    assert result.returncode == 0
    assert not is_running(int(result.stderr))


def test_a_build_that_is_gone_already_is_an_error(project: Project) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    result = project.run(project.stage("print('ran')"), MODELWORKS_BUILD_PID=str(gone.pid))
    assert result.returncode == 1
    assert f"the build (MODELWORKS_BUILD_PID={gone.pid}) is not there" in result.stderr
    assert "ran" not in result.stderr


def test_a_stage_may_use_processes_started_afresh(project: Project) -> None:
    module = project.stage(
        """
        import multiprocessing
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            print(pool.map(abs, [-3]))
        """
    )
    result = project.run(module)
    assert (result.returncode, result.stderr) == (0, "[3]\n")


def test_the_engine_imports_no_torch_and_no_polars() -> None:
    code = (
        "import sys, modelworks.build.run, modelworks.build.child, modelworks.build.fingerprint\n"
        "assert not {'torch', 'polars', 'numpy', 'pydantic', 'dvc', 'snakemake', 'grimp'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_stage_that_asks_for_one_of_several_paths_is_told_their_number(project: Project) -> None:
    project.write("a.txt", "")
    project.write("b.txt", "")
    result = project.run(project.stage("stage.input('many')"), "--in", "many", "a.txt", "b.txt")
    assert (result.returncode, "ValueError: input 'many' holds 2 paths, not one" in result.stderr) == (1, True)
    result = project.run(project.stage("pass"), "--in", "many", "a.txt", "--in", "many", "b.txt")
    assert (result.returncode, "error: rule demo_rule: --in many is given twice" in result.stderr) == (1, True)
