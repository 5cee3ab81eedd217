"""Keys: equal to DVC's own, injective names, and nothing in them that must not be there."""

import json
import math
import os
import stat
from pathlib import Path

import pytest
from dvc.repo import Repo
from dvc.stage import PipelineStage, create_stage
from dvc.stage.cache import _get_stage_hash
from dvc.stage.utils import is_valid_name
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from snakemake_executor_plugin_dvc.hashing import Hasher
from snakemake_executor_plugin_dvc.key import Key, _without_place, stage_name
from snakemake_executor_plugin_dvc.lockfile import DvcLock
from snakemake_executor_plugin_dvc.lockyaml import load_yaml
from snakemake_executor_plugin_dvc.memo import Memo
from snakemake_executor_plugin_dvc.runcache import RunCache, as_json

VALUES = st.text(max_size=8)


@given(st.tuples(VALUES, VALUES), st.tuples(VALUES, VALUES))
def test_stage_names_are_injective_over_wildcards_and_valid_for_dvc(one: tuple[str, str], two: tuple[str, str]) -> None:
    names = [stage_name("rule", dict(zip("ab", values, strict=True))) for values in (one, two)]
    assert (names[0] == names[1]) == (one == two)
    assert all(is_valid_name(name) for name in names)


def test_stage_names_keep_rules_with_similar_names_apart() -> None:
    assert stage_name("a", {"x": "b"}) == "a--b"
    assert stage_name("train", {"rate": "1e-3"}) == "train--1e-2d3"
    different = [
        stage_name("a_b", {}),
        stage_name("a", {"x": "_b"}),
        stage_name("a", {"x": "b", "y": ""}),
        stage_name("a", {"x": "", "y": "b"}),
        stage_name("a", {"x": "b--c"}),
        stage_name("a", {"x": "b", "y": "c"}),
        stage_name("a", {"x": "naïve/ .="}),
    ]
    assert len(set(different)) == 7


@pytest.mark.parametrize("odd", ["plain", "mit Leerzeichen", "dot.ted=1", "ünïcode", "yes", "1e3"])
def test_digests_entries_and_directories_are_dvcs_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, odd: str
) -> None:
    monkeypatch.chdir(tmp_path)
    repo = Repo.init(no_scm=True)
    for folder in (f"{odd}-in", f"{odd}-out"):
        (tmp_path / folder / "sub").mkdir(parents=True)
        (tmp_path / folder / "sub" / odd).write_text(odd)
        (tmp_path / folder / "Z").write_text(folder)
    (tmp_path / f"{odd}.txt").write_text("input\n")
    (tmp_path / f"{odd}.txt").chmod(0o755)
    (tmp_path / "params.yaml").write_text(f"a: {{b: [1, 2.5, 1e-5, null, true, 'on', yes, {odd!r}]}}\nc: 1e22\n")
    deps, outs = [f"{odd}-in", f"{odd}.txt"], [f"{odd}-out"]
    cmd = f"echo 'a\tb' \"{odd}\"\n# second line: {{}}"
    stage = create_stage(
        PipelineStage, repo, path="dvc.yaml", name="s", cmd=cmd, deps=deps, outs=outs, params=["a.b", "c"]
    )
    with repo.lock:
        stage.save()
        stage.commit()
        repo.stage_cache.save(stage)
    values = load_yaml((tmp_path / "params.yaml").read_text())
    hasher = Hasher()
    key = Key(
        cmd=cmd,
        deps=tuple(hasher.content(path).entry(path) for path in sorted(deps)),
        params={"a.b": values["a"]["b"], "c": values["c"]},
        outs=tuple(outs),
    )
    assert key.digest == _get_stage_hash(stage)
    found = RunCache(tmp_path / ".dvc/cache").results(key)
    expected = [hasher.content(path, strict=True).entry(path) for path in outs]
    assert found == [expected], "what DVC wrote is read back"
    written = next((tmp_path / ".dvc/cache/runs").rglob("*/*/*"))
    name = written.name
    written.unlink()
    RunCache(tmp_path / ".dvc/cache").add(key, expected)
    assert written.name == name and written.exists(), "the value has DVC's own name"
    assert repo.stage_cache._load(stage)["outs"][0]["md5"] == expected[0]["md5"], "what we wrote DVC reads"


def test_a_hash_taken_right_after_a_change_is_not_trusted(tmp_path: Path) -> None:
    path = tmp_path / "file"
    hasher = Hasher()
    seen = set()
    for text in ("aaa", "bbb", "ccc"):
        path.write_text(text)
        os.utime(path, ns=(0, os.stat(path).st_mtime_ns))
        seen.add(hasher.content(str(path)).md5)
    assert len(seen) == 3


def test_large_files_are_hashed_once_across_runs(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 2_000_000)
    os.utime(path, ns=(10**18, 10**18))
    first, second = Hasher(tmp_path / "state.sqlite"), Hasher(tmp_path / "state.sqlite")
    assert first.content(str(path)) == second.content(str(path))
    assert (first.hashed_bytes, second.hashed_bytes) == (2_000_000, 0)
    (tmp_path / "state.sqlite").write_text("not a database")
    assert Hasher(tmp_path / "state.sqlite").content(str(path)) == first.content(str(path))


def test_a_corrupt_run_cache_entry_is_no_result_and_is_left_alone(tmp_path: Path) -> None:
    key = Key(cmd="c", deps=({"path": "i", "hash": "md5", "md5": "0" * 32},), params={}, outs=("o",))
    folder = tmp_path / "runs" / key.digest[:2] / key.digest
    folder.mkdir(parents=True)
    for index, text in enumerate(
        ["{", "[]", '{"outs": [{"path": "o", "md5": "../../etc/passwd", "hash": "md5"}]}', "a: b"]
    ):
        (folder / str(index)).write_text(text)
    (folder / "4").write_text(json.dumps(key.entry([{"path": "../o", "hash": "md5", "md5": "1" * 32}])))
    assert RunCache(tmp_path).results(key) == []
    assert len(list(folder.iterdir())) == 5


def test_dvcignore_patterns_hold_in_directories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Repo.init(no_scm=True)
    (tmp_path / ".dvcignore").write_text("*.tmp\n.snakemake_timestamp\n")
    (tmp_path / "folder").mkdir()
    for name in ("kept", "gone.tmp", ".snakemake_timestamp"):
        (tmp_path / "folder" / name).write_text(name)
    assert set(Memo().hasher.content("folder").files or {}) == {"kept"}


def test_objects_in_the_cache_are_read_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Repo.init(no_scm=True)
    (tmp_path / "out").write_text("x")
    memo = Memo()
    content = memo.hasher.content("out", strict=True)
    memo.store.put(content, tmp_path / "out")
    assert stat.S_IMODE(memo.store.path(content.md5).stat().st_mode) == 0o444


@pytest.mark.parametrize("odd", ["a\u2028b", "a\x85b", "a\x7fb", "\ufeffa", "a\U0001f600b", "tab\tquote\"'", "no: yes"])
def test_any_text_survives_dvc_lock_and_the_run_cache(
    odd: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    entry = {"cmd": f"echo {odd}", "params": {"params.yaml": {"sep": odd}}, "outs": [{"path": odd, "md5": "0" * 32}]}
    for index in range(2):
        lock = DvcLock(tmp_path / "journal")
        lock.record("stage", entry)
        lock.record(f"other{index}", entry)
        lock.write()
    stages = YAML(typ="safe").load(Path("dvc.lock").read_text())["stages"]
    assert stages == {"stage": entry, "other0": entry, "other1": entry}
    assert DvcLock(tmp_path / "journal").entry("stage") == entry
    assert YAML(typ="safe").load(as_json(entry)) == entry


def test_numbers_that_are_none_are_written_as_dvc_reads_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    lock = DvcLock(tmp_path / "journal")
    lock.record(
        "s", {"cmd": "c", "params": {"params.yaml": {"a": float("inf"), "b": -float("inf"), "c": float("nan")}}}
    )
    lock.write()
    read = YAML(typ="safe").load(Path("dvc.lock").read_text())["stages"]["s"]["params"]["params.yaml"]
    assert (read["a"], read["b"], math.isnan(read["c"])) == (float("inf"), -float("inf"), True)


def test_a_truncated_run_cache_entry_is_written_anew(tmp_path: Path) -> None:
    key = Key(cmd="c", deps=({"path": "i", "hash": "md5", "md5": "0" * 32},), params={}, outs=("o",))
    outs = [{"path": "o", "hash": "md5", "md5": "1" * 32}]
    runs = RunCache(tmp_path)
    runs.add(key, outs)
    entry = next((tmp_path / "runs").rglob("*/*/*"))
    os.truncate(entry, 20)
    assert runs.results(key) == []
    runs.add(key, outs)
    assert runs.results(key) == [outs]


@pytest.mark.parametrize(
    ("command", "canonical"),
    [
        ("cat /w/p/a > /w/p/b", "cat ././a > ././b"),
        ("cp a '/w/p/'", "cp a '././'"),
        ("find /w/p -name x", "find ./. -name x"),
        ("X=/w/p/; run -v /w/p:/data -I/w/p/inc", "X=././; run -v ./.:/data -I././inc"),
        ("cat /w/p|x; (ls /w/p)", "cat ./.|x; (ls ./.)"),
        ("cat /w/pq/a /other/w/p/a x/w/p/a /w/p.txt", "cat /w/pq/a /other/w/p/a x/w/p/a /w/p.txt"),
        ("cd sub && cat /w/p/a", "cd sub && cat /w/p/a"),
        ("make -C sub F=/w/p/a", "make -C sub F=/w/p/a"),
    ],
)
def test_a_command_keeps_its_meaning_without_the_place_of_the_checkout(command: str, canonical: str) -> None:
    assert _without_place(command, "/w/p") == canonical
