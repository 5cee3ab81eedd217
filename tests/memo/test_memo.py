"""What the executor plugin promises for a plain Snakemake project: what is restored, what runs, what is said."""

import json
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from snakemake_executor_plugin_dvc.ledger import Ledger

from .forkserver import SUMMARY
from .project import CHAIN, Project, chain


def test_a_second_build_has_nothing_to_do(project: Project) -> None:
    first = project.build()
    assert (first.code, first.counts, first.ran) == (0, (0, 3, 0), ["copy", "listing", "upper"])
    second = project.build()
    assert (second.code, second.counts, second.ran) == (0, (0, 0, 0), [])


def test_flipping_a_param_back_restores_without_running(project: Project) -> None:
    project.build("--config", "name=first")
    flipped = project.build("--config", "name=other")
    assert (flipped.counts, flipped.ran) == ((0, 1, 0), ["listing"])
    back = project.build("--config", "name=first")
    assert (back.counts, back.ran) == ((1, 0, 0), [])
    assert sorted(path.name for path in (project.folder / "listing/sub").iterdir()) == ["first"]


def test_a_rebuilt_artifact_with_the_same_content_rebuilds_nothing_downstream(project: Project) -> None:
    project.build()
    project.put(source__txt="a\nb\n")
    build = project.build()
    assert (build.ran, build.counts) == (["copy"], (2, 1, 0))


def test_what_snakemake_built_dvc_repro_finds_and_the_other_way_round(project: Project) -> None:
    project.put(
        dvc__yaml="""
        stages:
          copy:
            cmd: echo copy >> $RAN; sort source.txt > copy.txt
            deps: [source.txt]
            outs: [copy.txt]
          upper:
            cmd: echo upper >> $RAN; tr a-z A-Z < copy.txt > upper.txt
            deps: [copy.txt]
            outs: [upper.txt]
          listing:
            cmd: echo listing >> $RAN; mkdir -p listing/sub; cp copy.txt listing/sub/first; date > /dev/null
            deps: [copy.txt]
            outs: [listing]
        """
    )
    project.build()
    (project.folder / "dvc.lock").unlink()
    _wipe(project)
    project.log.unlink()
    project.dvc("repro")
    assert project.executed() == []
    assert project.read("upper.txt") == "A\nB\n"
    project.put(source__txt="d\nc\n")
    project.dvc("repro")
    assert project.executed() == ["copy", "listing", "upper"]
    (project.folder / "dvc.lock").unlink()
    _wipe(project)
    build = project.build()
    assert (build.counts, build.ran) == ((3, 0, 0), [])
    assert project.read("upper.txt") == "C\nD\n"
    assert "up to date" in project.dvc("status")


def test_params_yaml_values_are_in_the_key_as_dvc_puts_them_there(tmp_path: Path) -> None:
    project = Project(tmp_path / "p")
    project.put(
        Snakefile="""
        rule train:
            input: "source.txt"
            output: "model.txt"
            params: reads={"train.rate": None, "seed": None}
            shell: "echo train >> $RAN; grep rate params.yaml > {output}"
        """,
        params__yaml="seed: 1\ntrain: {rate: 1e-3, other: [on, null, 1e22]}\nunread: 1\n",
        dvc__yaml="""
        stages:
          train:
            cmd: echo train >> $RAN; grep rate params.yaml > model.txt
            deps: [source.txt]
            params: [train.rate, seed]
            outs: [model.txt]
        """,
        source__txt="a\n",
    )
    project.dvc("repro")
    (project.folder / "model.txt").unlink()
    assert project.build().counts == (1, 0, 0)
    project.put(params__yaml="seed: 1\ntrain: {rate: 1e-4}\nunread: 2\n")
    (project.folder / "model.txt").unlink()
    assert project.build().counts == (0, 1, 0)
    project.put(params__yaml="seed: 1\ntrain: {rate: 1e-4}\nunread: 3\n")
    (project.folder / "model.txt").unlink()
    assert project.build().counts == (1, 0, 0)


@pytest.mark.parametrize("edited", ["source.txt", "params.yaml", "helper"])
def test_what_changes_while_a_job_sleeps_is_not_committed(tmp_path: Path, edited: str) -> None:
    project = Project(tmp_path / "p")
    project.put(
        Snakefile="""
        rule slow:
            input: "source.txt", "helper.hash"
            output: "slow.txt"
            params: reads={"rate": None}
            shell: "echo slow >> $RAN; cat source.txt helper.txt params.yaml > {output}; cat {input} > /dev/null; "
                   "echo started > ../started; cat ../go > /dev/null"
        """,
        source__txt="a\n",
        helper__txt="one\n",
        helper__hash="one\n",
        params__yaml="rate: 1\n",
        refresh__py="""
        from pathlib import Path
        def refresh():
            text = Path("helper.txt").read_text()
            if Path("helper.hash").read_text() != text:
                Path("helper.hash").write_text(text)
        """,
    )
    os.mkfifo(project.folder.parent / "go")
    extra = {"PYTHONPATH": str(project.folder)}
    process = project.spawn("--dvc-refresh", "refresh:refresh", **extra)
    _wait_for(project.folder.parent / "started")
    if edited == "helper":
        project.put(helper__txt="two\n")
    else:
        (project.folder / edited).write_text("rate: 2\n")
    with (project.folder.parent / "go").open("w") as fifo:
        fifo.write("go\n")
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    named = {"helper": "helper.hash", "params.yaml": "params.yaml: rate"}.get(edited, edited)
    assert f"not memoized: slow: {named} changed while the job waited or ran" in output
    assert not list((project.cache / "runs").rglob("*")) if (project.cache / "runs").exists() else True
    (project.folder.parent / "go").unlink()
    (project.folder.parent / "go").write_text("go\n")
    again = project.build("--dvc-refresh", "refresh:refresh", **extra)
    assert (again.code, again.ran) == (0, ["slow"])
    assert ("two" if edited == "helper" else "rate: 2") in project.read("slow.txt")
    assert project.build("--dvc-refresh", "refresh:refresh", **extra).ran == []


def test_every_job_is_memoized_or_named_with_its_reason(tmp_path: Path) -> None:
    project = Project(tmp_path / "p")
    project.put(
        Snakefile="""
        rule all:
            input: "opt", "none", "script", "run", "point", "local"
        rule opt:
            input: "in"
            output: "opt"
            params: memo=False
            shell: "touch {output}"
        rule none:
            output: "none"
            shell: "touch {output}"
        rule script:
            input: "in"
            output: "script"
            script: "s.py"
        rule run:
            input: "in"
            output: "run"
            run: open(output[0], "w").write("x")
        checkpoint point:
            input: "in"
            output: "point"
            shell: "touch {output}"
        localrules: local
        rule local:
            input: "in"
            output: "local"
            shell: "touch {output}"
        """,
        s__py='open(snakemake.output[0], "w").write("x")\n',
    )
    project.put(**{"in": "a\n"})
    build = project.build()
    assert build.counts == (0, 6, 5), build.output
    for reason in (
        "opt: opted out by params: memo=False",
        "none: nothing to key on: the rule has no input",
        "script: script: sees params and config without a command line",
        "run: run: sees params and config without a command line",
        "point: a checkpoint rule",
    ):
        assert f"not memoized: {reason}\n" in build.output


def test_the_key_is_free_of_cores_threads_resources_attempts_logs_and_place(tmp_path: Path) -> None:
    snakefile = """
        rule job:
            input: "in.txt"
            output: "out.txt"
            log: LOG
            benchmark: BENCHMARK
            threads: THREADS
            resources: mem_mb=MEMORY
            shell: "echo job >> $RAN; echo {threads} {resources.mem_mb} > {log}; cat {input} > {output}"
    """
    for index, (log, threads, memory) in enumerate([("a.log", "1", "10"), ("logs/b.log", "2", "20")]):
        project = Project(tmp_path / f"place{index}", cache=tmp_path / "cache")
        text = snakefile.replace("LOG", repr(log)).replace("BENCHMARK", repr(f"{log}.tsv"))
        project.put(Snakefile=text.replace("THREADS", threads).replace("MEMORY", memory), **{"in.txt": "x\n"})
        build = project.build("--set-resources", f"job:disk_mb={index}")
        assert build.code == 0, build.output
        assert build.counts == ((0, 1, 0) if index == 0 else (1, 0, 0)), build.output


def test_only_the_first_result_of_a_nondeterministic_job_stays_and_both_hashes_are_named(project: Project) -> None:
    project.put(
        Snakefile="""
        rule dice:
            input: "source.txt"
            output: "dice.txt"
            shell: "echo dice >> $RAN; date +%N > {output}"
        """
    )
    project.build()
    first = project.read("dice.txt")
    entries = sorted((project.cache / "runs").rglob("*/*/*"))
    build = project.build("-F")
    second = project.read("dice.txt")
    assert first != second
    hashes = {_md5(first), _md5(second)}
    assert "is not deterministic" in build.output and all(md5 in build.output for md5 in hashes)
    assert sorted((project.cache / "runs").rglob("*/*/*")) == entries
    (project.folder / "dice.txt").unlink()
    assert project.build().counts == (1, 0, 0)
    assert project.read("dice.txt") == second, "dvc.lock names the second result, so this workspace gets that one"
    (project.folder / "dvc.lock").unlink()
    (project.folder / "dice.txt").unlink()
    assert project.build().counts == (1, 0, 0)
    assert project.read("dice.txt") == first


def test_missing_objects_come_from_the_default_remote_and_without_one_the_job_runs(project: Project) -> None:
    remote = project.folder.parent / "remote"
    project.dvc("remote", "add", "-d", "store", str(remote))
    project.put(dvc__yaml="stages: {}\n")
    project.build()
    for path in project.objects():
        target = remote / "files" / "md5" / path.parent.name / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    _wipe(project)
    shutil.rmtree(project.cache / "files")
    build = project.build()
    assert (build.counts, build.ran) == ((3, 0, 0), []), build.output
    _wipe(project)
    shutil.rmtree(project.cache / "files")
    shutil.rmtree(remote)
    build = project.build()
    assert (build.code, build.ran) == (0, ["copy", "listing", "upper"]), build.output


def test_dvc_lock_is_written_for_what_finished_and_keeps_what_was_not_asked_for(project: Project) -> None:
    project.build("upper.txt")
    assert "  upper:" in project.read("dvc.lock") and "  listing:" not in project.read("dvc.lock")
    project.put(Snakefile=CHAIN.replace("tr a-z A-Z", "false; tr a-z A-Z"))
    failed = project.build("--keep-going")
    assert failed.code != 0
    text = project.read("dvc.lock")
    assert "  listing:" in text and "  upper:" in text and "false" not in text


@pytest.mark.parametrize(
    "broken",
    [
        "<<<<<<< ours\n",
        "schema: '2.0'\nstages:\n<<<<<<< ours\n  b:\n    cmd: ours\n=======\n  b:\n    cmd: theirs\n>>>>>>> theirs\n",
        "schema: '2.0'\nstages:\n  b:\n    cmd: ours\n  b:\n    cmd: theirs\n",
    ],
)
def test_an_unreadable_dvc_lock_is_left_alone_and_named(project: Project, broken: str) -> None:
    (project.folder / "dvc.lock").write_text(broken)
    build = project.build()
    assert build.code == 0
    assert "dvc.lock was not written" in build.output
    assert project.read("dvc.lock") == broken
    (project.folder / "dvc.lock").unlink()
    assert project.build().counts == (0, 0, 0)
    assert "  listing:" in project.read("dvc.lock"), "what waited in the journal is written by the next build"


def test_ctrl_c_stops_cleanly_and_prints_the_command_that_resumes(project: Project) -> None:
    project.put(Snakefile=CHAIN.replace("sort {input}", "echo > ../started; sleep 60; sort {input}"))
    process = project.spawn()
    _wait_for(project.folder.parent / "started")
    os.kill(process.pid, signal.SIGINT)
    output, _ = process.communicate(timeout=30)
    assert process.returncode != 0
    assert "stopped; resume with: snakemake --executor dvc" in output
    assert "restored 0, ran 0," in output
    project.put(Snakefile=CHAIN)
    assert project.build().code == 0


def test_what_restoring_each_result_took_is_noted(project: Project) -> None:
    before = time.time()
    ledger = Ledger(project.cache)
    project.build("--config", "name=first")
    project.build("--config", "name=other")
    project.build("--config", "name=first")
    (note,) = ledger.notes()
    assert (note.workspace, len(note.keys), len(note.seconds)) == (str(project.folder), 1, 1)
    assert note.seconds[0] is not None and 0 < note.seconds[0] < 60
    assert list(ledger.restored_in()) == [(note.started, note.workspace, note.keys)]
    ledger.restored(["a" * 64])  # as builds have noted it that did not measure
    assert {tuple(one.keys): list(one.seconds) for one in ledger.notes()}[("a" * 64,)] == [None]
    assert ledger.restores() == {note.keys[0]: 1, "a" * 64: 1}
    assert len(list(ledger.notes(before))) == 2 and not list(ledger.notes(time.time() + 2))


def test_the_records_of_one_workspace_hold_its_failed_runs(project: Project) -> None:
    before = time.time()
    project.put(Snakefile=CHAIN.replace("tr a-z A-Z < {input}", "false"))
    assert project.build("--keep-going").code == 1
    ledger = Ledger(project.cache)
    records = ledger.records(str(project.folder), before)
    assert sorted((record["rule"], record["succeeded"]) for record in records) == [
        ("copy", True),
        ("listing", True),
        ("upper", False),
    ]
    assert ledger.records("/elsewhere") == [] and ledger.records(since=time.time() + 2) == []


def test_every_executed_job_leaves_a_ledger_record(project: Project) -> None:
    project.put(
        burn__py="""
        import time
        memory = bytearray(50_000_000)
        while time.process_time() < 1:
            memory[1] = 2
        """,
        Snakefile=CHAIN.replace("sort {input}", "python burn.py; sort {input}"),
    )
    assert project.build().code == 0
    lines = [line for path in project.cache.glob("memo/ledger/*") for line in path.read_text().splitlines()]
    records = [json.loads(line) for line in lines]
    assert sorted(record["rule"] for record in records) == ["copy", "listing", "upper"]
    copy = next(record for record in records if record["rule"] == "copy")
    assert copy["wall_s"] > 0.9 and copy["cpu_s"] > 0.8 and copy["peak_bytes"] > 50_000_000
    assert copy["key"] in {path.name for path in (project.cache / "runs").glob("*/*")}
    assert copy["host"] and copy["device"] == "cpu" and copy["succeeded"]
    _wipe(project)
    build = project.build()
    assert f"saved {sum(record['wall_s'] for record in records):.0f} s" in build.output


def test_without_a_dvc_repository_the_error_names_the_remedy(tmp_path: Path) -> None:
    project = chain(tmp_path / "p")
    shutil.rmtree(project.folder / ".dvc")
    build = project.build()
    assert build.code != 0
    assert "run `dvc init`" in build.output and "Traceback" not in build.output


def test_progress_says_what_runs_and_what_is_left(project: Project) -> None:
    output = project.build().output
    assert "running copy 0 s; 2 jobs left; ETA unknown (first run)" in output


def _wipe(project: Project) -> None:
    for name in ("copy.txt", "upper.txt"):
        (project.folder / name).unlink()
    shutil.rmtree(project.folder / "listing")


def _md5(text: str) -> str:
    import hashlib

    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _wait_for(path: Path) -> None:
    deadline = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} never came"
        time.sleep(0.02)


def test_the_readme_example_of_the_plugin_does_what_it_says(tmp_path: Path) -> None:
    import snakemake_executor_plugin_dvc

    readme = Path(snakemake_executor_plugin_dvc.__file__).with_name("README.md").read_text()
    script = readme.split("```bash\n")[1].split("```")[0]
    project = Project(tmp_path / "p")
    shutil.rmtree(project.folder / ".dvc")
    (project.folder / ".dvcignore").unlink()
    done = subprocess.run(
        ["bash", "-euc", script],
        cwd=project.folder,
        env=project.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    found = [counts[:3] for counts in SUMMARY.findall(done.stdout + done.stderr)]
    assert found == [("0", "1", "0"), ("0", "1", "0"), ("1", "0", "0")], done.stdout + done.stderr
    assert project.read("sorted.txt") == "1\n2\n3\n"


@pytest.mark.parametrize(
    ("directive", "edit"),
    [
        ('conda: "env.yaml"', "env.yaml"),
        ('container: "docker://debian:12"', "debian:13"),
        ('envmodules: "bio/one"', "bio/two"),
    ],
)
def test_the_content_of_a_software_specification_is_in_the_key(tmp_path: Path, directive: str, edit: str) -> None:
    snakefile = """
        rule job:
            input: "in.txt"
            output: "out.txt"
            DIRECTIVE
            shell: "echo job >> $RAN; cat {input} > {output}"
    """
    project = Project(tmp_path / "p")
    project.put(Snakefile=snakefile.replace("DIRECTIVE", directive), **{"in.txt": "x\n", "env.yaml": "channels: [a]\n"})
    assert project.build().counts == (0, 1, 0)
    (project.folder / "out.txt").unlink()
    assert project.build().counts == (1, 0, 0)
    (project.folder / "out.txt").unlink()
    if edit == "env.yaml":
        project.put(**{"env.yaml": "channels: [b]\n"})
    else:
        changed = directive.replace("debian:12", edit).replace("bio/one", edit)
        project.put(Snakefile=snakefile.replace("DIRECTIVE", changed))
    assert project.build().counts == (0, 1, 0)


def test_an_environment_file_edited_while_the_job_runs_is_not_committed(tmp_path: Path) -> None:
    project = Project(tmp_path / "p")
    project.put(
        Snakefile="""
        rule slow:
            input: "in.txt"
            output: "out.txt"
            conda: "env.yaml"
            shell: "echo > ../started; cat ../go > /dev/null; cat env.yaml {input} > {output}"
        """,
        **{"in.txt": "x\n", "env.yaml": "channels: [a]\n"},
    )
    go = project.folder.parent / "go"
    os.mkfifo(go)
    process = project.spawn()
    _wait_for(project.folder.parent / "started")
    project.put(**{"env.yaml": "channels: [b]\n"})
    go.write_text("go\n")
    output, _ = process.communicate(timeout=60)
    assert "not memoized: slow: its command changed while the job waited or ran" in output
    assert not (project.cache / "runs").exists()


@pytest.mark.parametrize("kind", ["log", "benchmark"])
def test_a_job_whose_log_or_benchmark_others_read_is_not_memoized(tmp_path: Path, kind: str) -> None:
    project = Project(tmp_path / "p")
    project.put(
        Snakefile="""
        rule made:
            input: "in.txt"
            output: "out.txt"
            KIND: "side.txt"
            shell: "echo made >> $RAN; cp {input} {output}; echo hello > side.txt"
        rule reads:
            input: "side.txt", "out.txt"
            output: "both.txt"
            shell: "echo reads >> $RAN; cat {input} > {output}"
        """.replace("KIND", kind),
        **{"in.txt": "x\n"},
    )
    build = project.build("both.txt")
    assert build.counts == (0, 2, 1), build.output
    reason = f"its {kind} side.txt is asked for, and only outputs are stored"
    assert f"not memoized: made: {reason}" in build.output
    for name in ("both.txt", "out.txt", "side.txt"):
        (project.folder / name).unlink()
    assert "made" in project.build("both.txt").ran
    (project.folder / "out.txt").unlink()
    assert project.build("out.txt").counts[2] == 0, "nobody asks for it"


def test_a_param_that_is_not_plain_data_is_named(tmp_path: Path) -> None:
    project = Project(tmp_path / "p")
    project.put(
        Snakefile="""
        rule job:
            input: "in.txt"
            output: "out.txt"
            params: reads={"day": 0}
            shell: "cp {input} {output}"
        """,
        params__yaml="day: 2020-01-01\n",
        **{"in.txt": "x\n"},
    )
    build = project.build()
    assert (build.code, build.counts) == (0, (0, 1, 1))
    assert "not memoized: job: params.yaml: day is not plain data (" in build.output
    assert "quote it to make it text" in build.output and "Traceback" not in build.output


def test_dvc_lock_keeps_its_text_where_dvc_wrote_the_same(project: Project) -> None:
    project.put(
        dvc__yaml="""
        stages:
          copy:
            cmd: echo copy >> $RAN; sort source.txt > copy.txt
            deps: [source.txt]
            outs: [copy.txt]
        """
    )
    project.build("copy.txt")
    (project.folder / "dvc.lock").unlink()
    project.dvc("repro")
    written = project.read("dvc.lock")
    (project.folder / "copy.txt").unlink()
    assert project.build("copy.txt").counts == (1, 0, 0)
    assert project.read("dvc.lock") == written


def test_a_broken_dvc_configuration_is_an_error_of_one_line(project: Project) -> None:
    project.put(**{".dvc/config": "[core\n"})
    build = project.build()
    assert build.code != 0
    assert f"{project.folder / '.dvc'}: " in build.output and "Traceback" not in build.output


def test_an_input_that_is_changed_and_put_back_while_a_job_runs_is_not_committed(tmp_path: Path) -> None:
    project = Project(tmp_path / "p")
    project.put(
        Snakefile="""
        rule slow:
            input: "source.txt"
            output: "slow.txt"
            shell: "echo slow >> $RAN; echo > ../started; cat ../go > /dev/null; cat {input} > {output}; "
                   "echo > ../read; cat ../go > /dev/null"
        """,
        source__txt="a\n",
    )
    go = project.folder.parent / "go"
    os.mkfifo(go)
    process = project.spawn()
    _wait_for(project.folder.parent / "started")
    project.put(source__txt="b\n")
    go.write_text("go\n")
    _wait_for(project.folder.parent / "read")
    project.put(source__txt="a\n")
    go.write_text("go\n")
    output, _ = process.communicate(timeout=60)
    assert "not memoized: slow: source.txt was written while the job waited or ran" in output
    assert not (project.cache / "runs").exists()


def test_the_key_holds_no_absolute_path_of_the_checkout(tmp_path: Path) -> None:
    for index in range(2):
        project = Project(tmp_path / f"place{index}", cache=tmp_path / "cache")
        project.put(
            Snakefile="""
            import os
            rule job:
                input: os.path.abspath("in.txt")
                output: os.path.abspath("out.txt")
                params: root=os.getcwd()
                shell: "ROOT={params.root} && test -d {params.root}/. -I{params.root}/x || cat {input} > {output}"
            """,
            **{"in.txt": "x\n"},
        )
        assert project.build().counts == ((0, 1, 0) if index == 0 else (1, 0, 0))


def test_a_job_that_is_tried_again_counts_once(tmp_path: Path) -> None:
    project = Project(tmp_path / "p")
    project.put(
        Snakefile="""
        rule job:
            input: "in.txt"
            output: "out.txt"
            params: memo=False
            retries: 2
            shell: "echo x >> ../tries; test $(wc -l < ../tries) = 3; cat {input} > {output}"
        """,
        **{"in.txt": "x\n"},
    )
    assert project.build().counts == (0, 1, 1)


def test_a_failure_says_what_it_used_its_last_lines_and_how_to_run_it_again(tmp_path: Path) -> None:
    project = Project(tmp_path / "a project")
    project.put(
        Snakefile="""
        rule job:
            input: "in.txt"
            output: "out.txt"
            log: "job.log"
            threads: 2
            shell:
                "for n in $(seq 20); do echo line $n; done > {log}; sleep 0.7; test -e 'go on' || exit 3;"
                "cat {input} > {output}; echo {threads} $HOME >> {output}"
        """,
        **{"in.txt": "x\n"},
    )
    build = project.build()
    assert build.code != 0
    assert re.search(r"^job failed on \S+ after \d\.\d s, peak memory [1-9]\d* MB$", build.output, re.MULTILINE)
    tail = "the last lines of job.log:\n" + "".join(f"  line {n}\n" for n in range(11, 21))
    assert tail in build.output
    (line,) = re.findall(r"^run it again alone: (.*)$", build.output, re.MULTILINE)
    again = ["bash", "-c", line]
    assert subprocess.run(again, cwd=tmp_path, check=False, env=project.environment()).returncode == 3
    project.write({"go on": ""})
    assert subprocess.run(again, cwd=tmp_path, check=False, env=project.environment()).returncode == 0
    assert project.read("out.txt") == f"x\n2 {os.environ['HOME']}\n"
