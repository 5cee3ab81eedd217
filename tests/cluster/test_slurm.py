"""Builds through a real Slurm: hits submit nothing, misses run what their key says, and nothing is left behind."""

import json
import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path

import yaml

from tests.build.repository import Repository
from tests.memo.forkserver import Build

from .cluster import Cluster
from .conftest import PLUGIN, SlurmWorkspace

SNAKEFILE = """
    localrules: near
    rule all:
        input: "far.txt", "gpu.txt", "near.txt"
    rule far:
        input: "source.txt"
        output: "far.txt"
        params: word=config.get("word", "one")
        threads: 2
        resources: runtime=5
        shell:
            "echo far:$SLURMD_NODENAME:$OMP_NUM_THREADS >> $RAN; cat {input} > {output};"
            "echo {params.word} >> {output}"
    rule gpu:
        input: "far.txt"
        output: directory("deep/gpu"), "gpu.txt"
        resources: gpu=1
        log: "logs/deep/gpu.log"
        shell:
            "echo gpu:$SLURMD_NODENAME:$SLURM_JOB_GPUS >> $RAN; mkdir {output[0]}; echo > {output[0]}/a;"
            "echo > {log}; cp {input} {output[1]}"
    rule near:
        input: "gpu.txt"
        output: "near.txt"
        shell: "echo near:${{SLURMD_NODENAME:-here}} >> $RAN; cp {input} {output}"
"""


def submitted(build: Build) -> int:
    """How many jobs a build has submitted."""
    return len(re.findall(r"has been submitted with SLURM jobid|Submitted array job", build.output))


def wait_for(condition: Callable[[], object], what: str, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def test_misses_run_on_their_nodes_and_hits_submit_nothing(workspace: SlurmWorkspace) -> None:
    workspace.write({"Snakefile": SNAKEFILE, "source.txt": "text\n"})
    first = workspace.build()
    assert (first.code, first.counts) == (0, (0, 3, 0)), first.output
    assert first.ran == ["far:cpu1:2", "gpu:gpu1:0", "near:here"]
    assert submitted(first) == 2
    assert sorted(yaml.safe_load(workspace.read("dvc.lock"))["stages"]) == ["far", "gpu", "near"]
    lines = [line for path in (workspace.cache / "memo/ledger").glob("*") for line in path.read_text().splitlines()]
    books = {record["rule"]: record for record in map(json.loads, lines)}
    assert [books[rule]["host"] for rule in ("far", "gpu")] == ["cpu1", "gpu1"]
    assert books["far"]["device"] == "cpu" and books["gpu"]["device"] == "gpu"
    assert all(books[rule]["scheduler_job"].isdigit() for rule in ("far", "gpu"))
    assert books["near"]["scheduler_job"] is None
    assert all(record["peak_bytes"] > 0 for record in books.values() if record["scheduler_job"])

    assert workspace.build().counts == (0, 0, 0)
    for name in ("far.txt", "gpu.txt", "near.txt"):
        (workspace.folder / name).unlink()
    wiped = workspace.build()
    assert (wiped.counts, wiped.ran, submitted(wiped)) == ((3, 0, 0), [], 0), wiped.output
    other = workspace.build("--config", "word=two")
    assert (other.counts, submitted(other)) == ((0, 3, 0), 2)
    back = workspace.build("--config", "word=one")
    assert (back.counts, submitted(back)) == ((3, 0, 0), 0)
    assert workspace.read("near.txt") == "text\none\n"
    assert list((workspace.folder / ".snakemake/dvc-slurm").iterdir()) == []


def test_what_slurm_built_the_local_plugin_finds(workspace: SlurmWorkspace) -> None:
    workspace.write({"Snakefile": SNAKEFILE, "source.txt": "text\n"})
    assert workspace.build("far.txt").counts == (0, 1, 0)
    (workspace.folder / "far.txt").unlink()
    flags = ["--executor", "dvc", "--cores", "1", "--scheduler", "greedy"]
    started = workspace.forks.start(["far.txt", *flags], workspace.folder, workspace.environment())
    assert "restored 1, ran 0" in workspace.finish(started).output


def test_a_failing_job_shows_its_log_and_commits_nothing(workspace: SlurmWorkspace) -> None:
    workspace.write(
        {
            "Snakefile": """
                rule bad:
                    input: "in.txt"
                    output: "out.txt"
                    log: "bad.log"
                    shell:
                        "echo half > {output}; echo told to the log > {log};"
                        "echo the reason is $((6 * 7)) >&2; exit 3"
            """,
            "in.txt": "x\n",
        }
    )
    build = workspace.build("out.txt")
    assert build.code != 0
    assert "the reason is 42" in build.output and "told to the log" in build.output
    assert re.search(r"Slurm job \d+ on cpu1 ended with status 3", build.output)
    assert not (workspace.cache / "runs").exists()
    assert not (workspace.folder / "out.txt").exists()
    (line,) = [line for path in (workspace.cache / "memo/ledger").glob("*") for line in path.read_text().splitlines()]
    assert json.loads(line)["succeeded"] is False


def test_the_reason_is_shown_where_the_job_never_wrote_its_log(workspace: SlurmWorkspace) -> None:
    workspace.write(
        {
            "Snakefile": """
                rule bad:
                    input: "in.txt"
                    output: "out.txt"
                    log: "bad.log"
                    shell: "echo the reason is $((6 * 7)) >&2; exit 3; cat {input} > {output} 2> {log}"
            """,
            "in.txt": "x\n",
        }
    )
    build = workspace.build("out.txt")
    assert build.code != 0
    assert "  the reason is 42\n" in build.output


def test_what_needs_more_than_a_shell_runs_through_snakemake_on_the_node(workspace: SlurmWorkspace) -> None:
    workspace.write(
        {
            "Snakefile": r"""
                rule all:
                    input: "script.txt", "timed.txt", "opted.txt", "quoted.txt"
                rule script:
                    input: "in.txt"
                    output: "script.txt"
                    script: "do.py"
                rule timed:
                    input: "in.txt"
                    output: "timed.txt"
                    benchmark: "timed.tsv"
                    shell: "echo timed:$SLURMD_NODENAME >> $RAN; cp {input} {output}"
                rule opted:
                    input: "in.txt"
                    output: "opted.txt"
                    params: memo=False
                    resources: tmpdir="scratch"
                    shell: "echo opted:$SLURMD_NODENAME:$TMPDIR >> $RAN; cp {input} {output}"
                rule quoted:
                    input: "in.txt"
                    output: "quoted.txt"
                    shell:
                        "echo quoted:$SLURMD_NODENAME >> $RAN;"
                        "printf '%s|' 'a  b' \"$((1+1))\" `echo t` '{{}}' '$HOME' > {output}"
            """,
            "do.py": """
                import os
                open(os.environ["RAN"], "a").write(f"script:{os.environ['SLURMD_NODENAME']}\\n")
                open(snakemake.output[0], "w").write("made")
            """,
            "in.txt": "x\n",
            "scratch/kept": "",
        }
    )
    build = workspace.build()
    assert (build.code, build.counts) == (0, (0, 4, 2)), build.output
    assert build.ran == ["opted:cpu1:scratch", "quoted:cpu1", "script:cpu1", "timed:cpu1"]
    assert workspace.read("quoted.txt") == "a  b|2|t|{}|$HOME|"
    assert "not memoized: script: script: sees params and config without a command line" in build.output
    assert workspace.read("timed.tsv").startswith("s\t")


def test_the_jobs_of_a_build_that_was_killed_are_cancelled_by_the_next(
    workspace: SlurmWorkspace, cluster: Cluster
) -> None:
    workspace.write(
        {
            "Snakefile": """
                rule slow:
                    input: "in.txt"
                    output: "slow.txt"
                    shell: "echo slow >> $RAN; cat go > {output}"
            """,
            "in.txt": "x\n",
        }
    )
    os.mkfifo(workspace.folder / "go")
    started = workspace.start("slow.txt")
    wait_for(lambda: "slow" in workspace.executed(), "the job did not start")
    os.killpg(started.pid, signal.SIGKILL)
    workspace.finish(started)
    (job,) = cluster.jobs()
    (workspace.folder / "go").unlink()
    workspace.write({"go": "second\n"})
    build = workspace.build("slow.txt")
    assert f"cancelling the Slurm jobs of a build that died: {job}" in build.output
    assert (build.code, build.counts) == (0, (0, 1, 0)), build.output
    assert workspace.read("slow.txt") == "second\n"
    assert cluster.jobs() == []


def test_an_array_of_jobs_is_one_submission(workspace: SlurmWorkspace) -> None:
    workspace.write(
        {
            "Snakefile": """
                rule all:
                    input: expand("out/{n}", n=range(5))
                rule each:
                    input: "in.txt"
                    output: "out/{n}"
                    shell: "echo $SLURM_ARRAY_TASK_ID >> $RAN; echo {wildcards.n} > {output}"
            """,
            "in.txt": "x\n",
        }
    )
    build = workspace.build("--dvc-slurm-array-jobs=all")
    assert (build.code, build.counts, build.ran) == (0, (0, 5, 0), ["1", "2", "3", "4", "5"]), build.output
    assert submitted(build) == 1
    assert [workspace.read(f"out/{n}") for n in range(5)] == [f"{n}\n" for n in range(5)]
    for n in (1, 3):
        (workspace.folder / f"out/{n}").unlink()
    again = workspace.build("--dvc-slurm-array-jobs=all")
    assert (again.counts, submitted(again)) == ((2, 0, 0), 0)


def test_an_interrupted_build_cancels_its_jobs_and_the_same_command_goes_on(
    workspace: SlurmWorkspace, cluster: Cluster
) -> None:
    workspace.write(
        {
            "Snakefile": """
                rule all:
                    input: "quick.txt", "slow.txt"
                rule quick:
                    input: "in.txt"
                    output: "quick.txt"
                    shell: "echo quick >> $RAN; cp {input} {output}"
                rule slow:
                    input: "quick.txt"
                    output: "slow.txt"
                    shell: "echo slow >> $RAN; cat go > {output}"
            """,
            "in.txt": "x\n",
        }
    )
    os.mkfifo(workspace.folder / "go")
    started = workspace.start()
    wait_for(lambda: "slow" in workspace.executed(), "the slow job did not start")
    os.kill(started.pid, signal.SIGINT)
    stopped = workspace.finish(started)
    assert stopped.code != 0
    assert "stopped; resume with: snakemake" in stopped.output
    wait_for(lambda: cluster.jobs() == [], "the job was not cancelled")
    assert list((workspace.folder / ".snakemake/dvc-slurm").iterdir()) == []
    assert sorted(yaml.safe_load(workspace.read("dvc.lock"))["stages"]) == ["quick"]
    (workspace.folder / "go").unlink()
    workspace.write({"go": "gone on\n"})
    build = workspace.build()
    assert (build.code, build.ran) == (0, ["slow"]), build.output
    assert workspace.read("slow.txt") == "gone on\n"


def test_a_node_that_dies_under_a_job_does_not_end_the_build(workspace: SlurmWorkspace, cluster: Cluster) -> None:
    workspace.write(
        {
            "Snakefile": """
                rule long:
                    input: "in.txt"
                    output: "out.txt", directory("parts")
                    shell:
                        "mkdir -p $MODELWORKS_SCRATCH; cat $MODELWORKS_SCRATCH/done > kept || true;"
                        "echo half > $MODELWORKS_SCRATCH/done;"
                        "echo long >> $RAN; mkdir {output[1]}; echo > {output[1]}/a; echo half > {output[0]};"
                        "cat go; cp {input} {output[0]}"
            """,
            "in.txt": "x\n",
        }
    )
    os.mkfifo(workspace.folder / "go")
    started = workspace.start("out.txt")
    wait_for((workspace.folder / "parts/a").exists, "the job did not start")
    (lease,) = (workspace.cache / "memo/leases").glob("*.json")
    assert json.loads(lease.read_text())["scheduler_job"] in cluster.jobs()
    cluster.kill_node("cpu1")
    (workspace.folder / "go").unlink()
    workspace.write({"go": ""})
    cluster.start_node("cpu1")
    build = workspace.finish(started)
    assert (build.code, build.counts) == (0, (0, 1, 0)), build.output
    assert build.ran == ["long", "long"], "it was started again"
    assert workspace.read("out.txt") == "x\n"
    assert workspace.read("kept") == "half\n", "the second start finds the progress of the first"
    assert list((workspace.cache / "memo/scratch").iterdir()) == []


def test_another_workspace_takes_over_when_the_job_of_a_killed_build_is_gone(
    workspace: SlurmWorkspace, cluster: Cluster, tmp_path: Path
) -> None:
    rule = """
        rule slow:
            input: "in.txt"
            output: "slow.txt"
            shell:
                "test ! -e $SHARED/running; touch $SHARED/running; trap 'rm $SHARED/running' EXIT;"
                "echo slow >> $RAN; cat go > {output}"
    """
    other = SlurmWorkspace(workspace.forks, tmp_path / "other", cluster, cache=workspace.cache)
    for one in (workspace, other):
        one.write({"Snakefile": rule, "in.txt": "x\n"})
        os.mkfifo(one.folder / "go")
    shared = tmp_path / "shared"
    shared.mkdir()
    started = workspace.start("slow.txt", SHARED=str(shared))
    wait_for(lambda: "slow" in workspace.executed(), "the job did not start")
    (job,) = cluster.jobs()
    os.killpg(started.pid, signal.SIGKILL)
    workspace.finish(started)
    second = other.start("slow.txt", SHARED=str(shared))
    wait_for(lambda: "slow" in other.executed(), "the other build did not take over")
    assert job not in cluster.jobs("RUNNING")
    (other.folder / "go").write_text("second\n")
    build = other.finish(second)
    assert (build.code, build.counts) == (0, (0, 1, 0)), build.output
    assert f"(Slurm job {job}), which is gone: taking over" in build.output
    assert other.read("slow.txt") == "second\n"


STAGE = '''
"""A stage that waits for nobody."""

from demo.helper import VALUE


def main(stage):
    """Write what was read."""
    stage.output("made").write_text(f"{VALUE} {stage.params['seed']} {stage.input('text').read_text()}")
'''
RULES = """
rule all:
    input: "artifacts/made.txt"

rule made:
    input: code=code("demo.stage"), text="data/in.txt"
    output: made="artifacts/made.txt"
    log: "logs/made.log"
    params: reads=reads("seed")
    shell:
        "python -m modelworks.build.run demo.stage --rule made --log {log} --reads {params.reads}"
        " --in code {input.code} --in text {input.text} --out made {output.made}"
"""


def test_a_waiting_job_runs_what_its_key_says_while_code_and_params_are_edited(
    tmp_path: Path, workspace: SlurmWorkspace, cluster: Cluster
) -> None:
    repository = Repository(tmp_path / "root", rules=RULES, git=False)
    repository.write("src/demo/__init__.py", "")
    repository.write("src/demo/helper.py", "VALUE = 'old code'\n")
    repository.write("src/demo/stage.py", STAGE)
    environment = workspace.environment(PYTHONPATH=f"{repository.root / 'src'}{os.pathsep}{PLUGIN}")
    flags = [
        *workspace.flags("dvc"),
        "--dvc-slurm-refresh=modelworks.build.fingerprint:refresh",
        "--dvc-slurm-snapshot=modelworks.build.snapshot:take",
    ]
    params = repository.root / "params.yaml"
    old = params.read_text()
    new = re.sub(r"(?m)^seed: .*$", "seed: 5", old)
    seed = re.search(r"(?m)^seed: (.*)$", old)
    assert seed and seed[1] != "5"

    cluster.run("scontrol", "update", "NodeName=cpu1", "State=DRAIN", "Reason=test")
    try:
        started = workspace.forks.start(flags, repository.root, environment)
        wait_for(lambda: cluster.jobs("PENDING"), "no job was submitted")
        repository.write("src/demo/helper.py", "VALUE = 'new code'\n")
        params.write_text(new)
    finally:
        cluster.run("scontrol", "update", "NodeName=cpu1", "State=RESUME")
    code, output = started.wait()
    assert code == 0 and "restored 0, ran 1, not memoized 0" in output, output
    made = repository.root / "artifacts/made.txt"
    assert made.read_text() == f"old code {seed[1]} some data\n"

    def build() -> str:
        status, said = workspace.forks.start(flags, repository.root, environment).wait()
        assert status == 0, said
        return said

    assert "restored 0, ran 1" in build()
    assert made.read_text() == "new code 5 some data\n"
    assert len(list((repository.root / ".snakemake/modelworks/snapshots").glob("*/code.json"))) == 2
    repository.write("src/demo/helper.py", "VALUE = 'old code'\n")
    params.write_text(old)
    assert "restored 1, ran 0" in build(), "the old key was committed with the old values"
    assert made.read_text() == f"old code {seed[1]} some data\n"
    assert "Nothing to be done" in build()


def test_a_stage_that_runs_through_snakemake_on_its_node_has_no_copies(
    tmp_path: Path, workspace: SlurmWorkspace
) -> None:
    rules = RULES.replace('log: "logs/made.log"', 'log: "logs/made.log"\n    benchmark: "made.tsv"')
    repository = Repository(tmp_path / "root", rules=rules, git=False)
    for name, text in (("__init__", ""), ("helper", "VALUE = 1\n"), ("stage", STAGE)):
        repository.write(f"src/demo/{name}.py", text)
    environment = workspace.environment(PYTHONPATH=f"{repository.root / 'src'}{os.pathsep}{PLUGIN}")
    flags = [*workspace.flags("dvc"), "--dvc-slurm-snapshot=modelworks.build.snapshot:take"]
    code, output = workspace.forks.start(flags, repository.root, environment).wait()
    assert code == 0 and "restored 0, ran 1, not memoized 0" in output, output
    assert (repository.root / "artifacts/made.txt").read_text().startswith("1 ")
    assert not (repository.root / ".snakemake/modelworks/snapshots").exists()
