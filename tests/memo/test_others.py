"""What others do to a workspace between two builds: DVC, hands, a second checkout, another working directory."""

import json
import os
import shutil
import signal
from pathlib import Path

import pytest
import yaml

from .project import Project

SNAKEFILE = """
    import yaml
    rule all:
        input: "down.txt", "listing"
    rule made:
        input: "source.txt"
        output: "made.txt"
        params: reads={"word": yaml.safe_load(open("params.yaml"))["word"]}
        shell: "echo made >> $RAN; cat {input} > {output} && grep word params.yaml >> {output}"
    rule down:
        input: "made.txt"
        output: "down.txt"
        shell: "echo down >> $RAN; tr a-z A-Z < {input} > {output}"
    rule listing:
        input: "made.txt"
        output: directory("listing")
        shell: "echo listing >> $RAN; mkdir -p {output}/sub && cp {input} {output}/sub/copy"
"""
DVC_YAML = """
    stages:
      made:
        cmd: echo made >> $RAN; cat source.txt > made.txt && grep word params.yaml >> made.txt
        deps: [source.txt]
        params: [word]
        outs: [made.txt]
      down:
        cmd: echo down >> $RAN; tr a-z A-Z < made.txt > down.txt
        deps: [made.txt]
        outs: [down.txt]
      listing:
        cmd: echo listing >> $RAN; mkdir -p listing/sub && cp made.txt listing/sub/copy
        deps: [made.txt]
        outs: [listing]
"""


def _project(folder: Path, links: str | None = None, cache: Path | None = None) -> Project:
    project = Project(folder, cache=cache, link_types=links)
    project.put(Snakefile=SNAKEFILE, dvc__yaml=DVC_YAML, params__yaml="word: one\n", source__txt="text\n")
    return project


def _contents(project: Project) -> list[str]:
    return [project.read(name) for name in ("made.txt", "down.txt", "listing/sub/copy")]


@pytest.mark.parametrize("links", [None, "reflink,hardlink,copy", "symlink,copy"])
@pytest.mark.parametrize("edited", ["params.yaml", "source.txt"])
def test_what_dvc_repro_has_put_in_place_is_not_taken_for_what_the_build_had_made(
    tmp_path: Path, links: str | None, edited: str
) -> None:
    project = _project(tmp_path / "p", links)
    assert project.build().counts == (0, 3, 0)
    before, text = _contents(project), project.read(edited)
    (project.folder / edited).write_text("word: two\n")
    project.dvc("repro")
    assert _contents(project) != before
    (project.folder / edited).write_text(text)
    build = project.build()
    assert (build.code, build.counts) == (0, (3, 0, 0)), build.output
    assert _contents(project) == before
    assert project.build().counts == (0, 0, 0)
    assert "up to date" in project.dvc("status")


def test_a_lock_file_that_was_put_back_does_not_hide_other_outputs(tmp_path: Path) -> None:
    project = _project(tmp_path / "p")
    project.build()
    before, lock = _contents(project), project.read("dvc.lock")
    project.put(params__yaml="word: two\n")
    project.dvc("repro")
    project.put(params__yaml="word: one\n", dvc__lock=lock)
    assert project.build().counts == (3, 0, 0)
    assert _contents(project) == before


def test_outputs_that_dvc_checked_out_in_a_fresh_clone_are_looked_up_and_not_believed(tmp_path: Path) -> None:
    first = _project(tmp_path / "first", cache=tmp_path / "cache")
    first.build()
    fresh = _project(tmp_path / "fresh", cache=tmp_path / "cache")
    shutil.copy(first.folder / "dvc.lock", fresh.folder)
    fresh.dvc("checkout")
    fresh.put(params__yaml="word: two\n")
    build = fresh.build()
    assert build.ran == ["down", "listing", "made"], build.output
    assert fresh.read("made.txt") == "text\nword: two\n"


def test_a_dry_run_shows_what_the_build_would_do_about_it(tmp_path: Path) -> None:
    project = _project(tmp_path / "p")
    project.build()
    project.put(params__yaml="word: two\n")
    project.dvc("repro")
    project.put(params__yaml="word: one\n")
    output = project.build("-n").output
    assert "<not what the last build left>" in output and "rule made" in output


def test_an_output_edited_by_hand_is_left_to_snakemake(tmp_path: Path) -> None:
    project = _project(tmp_path / "p")
    project.build()
    project.put(down__txt="mine\n")
    assert project.build().counts == (0, 0, 0)
    assert project.read("down.txt") == "mine\n"


def test_a_touch_or_a_copy_with_the_same_content_is_nothing_new(tmp_path: Path) -> None:
    project = _project(tmp_path / "p")
    project.build()
    os.utime(project.folder / "down.txt")
    shutil.copy2(project.folder / "listing/sub/copy", tmp_path / "copy")
    shutil.move(tmp_path / "copy", project.folder / "listing/sub/copy")
    assert project.build().counts == (0, 0, 0)


def test_a_link_that_another_workspace_wrote_through_is_put_right(tmp_path: Path) -> None:
    links = "reflink,hardlink,copy"
    one, two = (_project(tmp_path / name, links, tmp_path / "cache") for name in ("one", "two"))
    one.build()
    two.build()
    expected = _contents(one)
    if os.stat(one.folder / "made.txt").st_ino != os.stat(two.folder / "made.txt").st_ino:
        pytest.fail("the file system makes no hard links")
    one.put(
        Snakefile=one.read("Snakefile")
        + '\nrule bad:\n    input: "made.txt"\n    output: "bad.txt"\n'
        + '    shell: "echo evil >> {input}; cp {input} {output}"\n'
    )
    build = one.build("bad.txt")
    assert "not memoized: bad: made.txt changed while the job waited or ran" in build.output
    assert "is damaged: set aside as" in build.output
    build = two.build()
    assert build.ran == ["made"], build.output
    assert _contents(two) == expected


def test_two_working_directories_of_one_dvc_root_keep_their_books_apart(tmp_path: Path) -> None:
    project = Project(tmp_path / "p")
    slow = (
        'rule slow:\n    input: "in.txt"\n    output: "out.txt"\n    shell: "cp {input} {output}; cat go > /dev/null"\n'
    )
    quick = 'rule quick:\n    input: "in.txt"\n    output: "other.txt"\n    shell: "cp {input} {output}"\n'
    project.write({"a/Snakefile": slow, "a/in.txt": "1\n", "b/Snakefile": quick, "b/in.txt": "2\n", "b/out.txt": "b\n"})
    os.mkfifo(project.folder / "a/go")
    running = project.spawn("--directory", "a", "--snakefile", "a/Snakefile")
    journals = project.folder / ".dvc/tmp/memo"
    while not list(journals.glob("*/pending.jsonl")):
        assert running.poll() is None
    assert project.build("--directory", "b", "--snakefile", "b/Snakefile").counts == (0, 1, 0)
    assert sorted(yaml.safe_load(project.read("b/dvc.lock"))["stages"]) == ["quick"]
    assert not list((project.folder / "b/.snakemake/incomplete").glob("*"))
    assert len(list(journals.glob("*/pending.jsonl"))) == 1
    os.killpg(running.pid, signal.SIGKILL)
    running.communicate()
    (project.folder / "a/go").unlink()
    (project.folder / "a/go").write_text("")
    build = project.build("--directory", "a", "--snakefile", "a/Snakefile")
    assert build.counts == (0, 1, 0), build.output
    assert sorted(yaml.safe_load(project.read("a/dvc.lock"))["stages"]) == ["slow"]


@pytest.mark.parametrize("how", ["-dw", "-pd", "--direct", "profile"])
def test_a_dead_builds_lock_is_found_however_the_directory_is_named(tmp_path: Path, how: str) -> None:
    project = Project(tmp_path / "p")
    project.write(
        {
            "Snakefile": 'rule s:\n  input: "in.txt"\n  output: "s.txt"\n  shell: "cp {input} {output}; cat go"\n',
            "w/in.txt": "x\n",
            "named/config.yaml": "directory: w\n",
        }
    )
    os.mkfifo(project.folder / "w/go")
    options = {
        "-dw": ["-dw"],
        "-pd": ["-pd", "w"],
        "--direct": ["--direct", "w"],
        "profile": ["--profile", "named"],
    }[how]
    process = project.spawn("s.txt", *options)
    while not list((project.folder / "w/.snakemake/incomplete").glob("*")):
        assert process.poll() is None
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    (project.folder / "w/go").unlink()
    (project.folder / "w/go").write_text("")
    build = project.build("s.txt", *options)
    assert "removed the lock of a build that died" in build.output
    assert build.counts == (0, 1, 0), build.output
    assert not (project.folder / ".snakemake/dvc-build.lock").exists()


def test_the_record_of_what_was_left_may_be_lost_or_broken(tmp_path: Path) -> None:
    project = _project(tmp_path / "p")
    project.build()
    record = project.folder / ".dvc/tmp/memo/outputs.json"
    assert sorted(json.loads(record.read_text())) == ["down.txt", "listing", "made.txt"]
    for text in ("[", "[]", '{"down.txt": 3}'):
        record.write_text(text)
        assert project.build().counts == (0, 0, 0)


def test_a_broken_dvc_configuration_beside_a_changed_output_is_an_error_of_one_line(tmp_path: Path) -> None:
    project = _project(tmp_path / "p")
    project.build()
    project.put(made__txt="mine\n", **{".dvc/config": "[core\n"})
    build = project.build("--forcerun", "made")
    assert build.code != 0
    assert f"{project.folder / '.dvc'}: " in build.output and "Traceback" not in build.output
