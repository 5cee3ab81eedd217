"""`modelworks push` and `modelworks pull`: through a folder and through an S3-compatible server on loopback."""

import json
import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from dvc.config import Config
from moto.server import ThreadedMotoServer

from modelworks import cli
from modelworks.build import costs, shared_ledger, transfers
from modelworks.build.receiving import Receiving
from modelworks.build.sending import Sending
from modelworks.build.sharing import Moved
from modelworks.build.team_remote import RemoteError, TeamRemote
from snakemake_executor_plugin_dvc.hashing import Hasher, md5_file
from snakemake_executor_plugin_dvc.ledger import Ledger
from snakemake_executor_plugin_dvc.runcache import RunCache
from snakemake_executor_plugin_dvc.store import Store
from tests.build.repository import Repository
from tests.memo.forkserver import Workspace, shared

RULES = """
    rate = open("params.yaml").read()
    rule all:
        input: "upper.txt", "listing"
    rule copy:
        input: "in.txt"
        output: "copy.txt"
        params: reads={"rate": rate}
        shell: "grep rate params.yaml | cat {input} - > {output}"
    rule upper:
        input: "copy.txt"
        output: "upper.txt"
        shell: "tr a-z A-Z < {input} > {output}"
    rule listing:
        input: "copy.txt"
        output: directory("listing")
        shell: "mkdir -p {output}/deep; cp {input} {output}/deep/x; echo constant > {output}/y"
"""
JOBS = 3
SETTINGS = ("0.5", "1e-3")
PRICES = {"cpu": 3600.0, "gpu": 1.0}
CREDENTIALS = {"access_key_id": "name", "secret_access_key": "secret"}
Connect = Callable[[Path], None]


def workspace(folder: Path, rate: str = SETTINGS[0]) -> Workspace:
    """A workspace with a cache of its own."""
    made = Workspace(shared(), folder)
    made.write({"Snakefile": RULES, "in.txt": "some data\n"})
    flip(made, rate)
    return made


def flip(made: Workspace, rate: str) -> None:
    made.write({"params.yaml": f"rate: {rate}\n"})


def set_remote(folder: Path, **settings: str) -> None:
    """Make `store` the default remote of a workspace."""
    with Config(str(folder / ".dvc")).edit("repo") as edited:
        edited["core"]["remote"] = "store"
        edited["remote"]["store"] = settings


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """The address of an S3-compatible server."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def client(address: str) -> Any:
    keys = {"aws_access_key_id": "name", "aws_secret_access_key": "secret", "region_name": "us-east-1"}
    return boto3.client("s3", endpoint_url=address, **keys)


@pytest.fixture(params=["folder", "s3"])
def connect(request: pytest.FixtureRequest, tmp_path: Path) -> Connect:
    """Gives a workspace the remote that the test is about."""
    if request.param == "folder":
        return lambda folder: set_remote(folder, url=str(tmp_path / "store"))
    address, bucket = request.getfixturevalue("s3"), tmp_path.name.replace("_", "-")[:60].strip("-").lower()
    client(address).create_bucket(Bucket=bucket)
    return lambda folder: set_remote(folder, url=f"s3://{bucket}/store", endpointurl=address, **CREDENTIALS)


@pytest.fixture
def built(tmp_path: Path) -> Workspace:
    """A workspace that has been built with both settings, without a remote; each job took ten seconds."""
    made = workspace(tmp_path / "one")
    for rate in SETTINGS:
        flip(made, rate)
        assert made.build().counts[1] >= JOBS - 1
    for path in (made.cache / "memo/ledger").iterdir():
        records = [{**json.loads(line), "wall_s": 10.0} for line in path.read_text().splitlines()]
        path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return made


def silent(text: str) -> None:
    """Nothing is said but progress, which a slow machine comes to show."""
    assert re.match(r"[a-z ]+: \d+ of \d+, ", text), f"said {text!r}"


def push(made: Workspace, say: Callable[[str], None] = silent) -> Moved:
    return Sending(made.folder, None, None, say).push()


def pull(made: Workspace, everything: bool = False, say: Callable[[str], None] = silent) -> Moved:
    return Receiving(made.folder, None, None, say).pull(everything)


def counts(moved: Moved) -> tuple[int, int, int]:
    return moved.objects, moved.entries, moved.ledger


def objects(folder: Path) -> list[Path]:
    return sorted(path for path in (folder / "files/md5").glob("??/*") if not path.name.endswith(".tmp"))


def everything_below(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_a_fresh_workspace_restores_what_was_built_with_either_setting_and_runs_nothing(
    built: Workspace, tmp_path: Path, connect: Connect
) -> None:
    connect(built.folder)
    sent = push(built)
    total = sum(path.stat().st_size for path in objects(built.cache))
    assert counts(sent) == (len(objects(built.cache)), 2 * JOBS, 2)
    assert sent.bytes > total
    assert (sent.damaged, sent.missing) == ([], [])

    other = workspace(tmp_path / "two")
    connect(other.folder)
    received = pull(other, everything=True)
    assert counts(received) == counts(sent)
    assert received.bytes == sent.bytes
    assert [path.name for path in objects(other.cache)] == [path.name for path in objects(built.cache)]
    set_remote(other.folder, url=str(tmp_path / "nothing"))
    for rate in SETTINGS:
        flip(other, rate)
        built_again = other.build()
        assert built_again.counts == (JOBS, 0, 0)
        assert "saved 30 s" in built_again.output, "what the jobs took elsewhere"
    assert {cost.stage: cost.money for cost in costs.costs(other.folder, "upper.txt", PRICES)} == {
        "copy": 10.0,
        "upper": 10.0,
    }


def test_without_all_the_objects_of_other_settings_come_when_a_build_needs_them(
    built: Workspace, tmp_path: Path, connect: Connect
) -> None:
    connect(built.folder)
    push(built)
    other = workspace(tmp_path / "two", SETTINGS[1])
    connect(other.folder)
    (other.folder / "dvc.lock").write_text(built.read("dvc.lock"))
    received = pull(other)
    # copy, upper, and the listing with its list and `y`; `x` is copy again
    assert counts(received) == (4, 2 * JOBS, 2)
    for rate in reversed(SETTINGS):
        flip(other, rate)
        assert other.build().counts == (JOBS, 0, 0)


def test_a_second_push_and_a_second_pull_transfer_nothing(built: Workspace, tmp_path: Path, connect: Connect) -> None:
    connect(built.folder)
    push(built)
    assert push(built).summary("sent") == "sent 0 objects, 0 entries, 0 ledger files, 0 B"
    other = workspace(tmp_path / "two")
    connect(other.folder)
    pull(other, everything=True)
    before = everything_below(other.cache)
    assert pull(other, everything=True).summary("received") == "received 0 objects, 0 entries, 0 ledger files, 0 B"
    assert everything_below(other.cache) == before


def test_a_ledger_that_grew_is_sent_again_and_never_replaced_by_a_shorter_one(
    built: Workspace, tmp_path: Path, connect: Connect
) -> None:
    connect(built.folder)
    push(built)
    other = workspace(tmp_path / "two")
    connect(other.folder)
    pull(other)
    path = min((built.cache / "memo/ledger").iterdir())
    path.write_text(path.read_text() * 2)
    assert counts(push(built)) == (0, 0, 1)
    assert counts(push(other)) == (0, 0, 0), "it knows the shorter one"
    assert counts(pull(other)) == (0, 0, 1)
    assert (other.cache / "memo/ledger" / path.name).read_text() == path.read_text()


@pytest.fixture
def store(built: Workspace, tmp_path: Path) -> Path:
    """A folder to which everything has been pushed."""
    set_remote(built.folder, url=str(tmp_path / "store"))
    push(built)
    return tmp_path / "store"


@pytest.fixture
def other(store: Path, tmp_path: Path) -> Workspace:
    """A fresh workspace with that remote."""
    made = workspace(tmp_path / "two")
    set_remote(made.folder, url=str(store))
    return made


def test_dvc_reads_what_was_pushed_and_what_dvc_pushed_is_pulled(tmp_path: Path) -> None:
    one = Repository(tmp_path / "one", git=False)
    one.run("modelworks", "dvcfile")
    one.run("dvc", "repro", "-q")
    one.run("dvc", "remote", "add", "-q", "-d", "store", tmp_path / "store")
    one.run("dvc", "push", "-q", "--run-cache")
    entries = len(list((one.root / ".dvc/cache/runs").glob("??/*/*")))
    said = one.run("modelworks", "push").stdout
    assert said == f"sent 0 objects, 0 entries, 0 ledger files, 0 B to 'store' ({tmp_path}/store)\n"
    two = Repository(tmp_path / "two", git=False)
    two.run("dvc", "remote", "add", "-q", "-d", "store", tmp_path / "store")
    assert f", {entries} entries, " in two.run("modelworks", "pull", "--all").stdout
    assert "ran 0," in two.snakemake()
    (tmp_path / "store").rename(tmp_path / "away")
    two.run("modelworks", "push")
    three = Repository(tmp_path / "three", git=False)
    three.run("modelworks", "dvcfile")
    three.run("dvc", "remote", "add", "-q", "-d", "store", tmp_path / "store")
    three.run("dvc", "pull", "-q", "--run-cache", check=False)
    assert "Running stage" not in three.run("dvc", "repro", "--pull").stdout.replace("Running stage 'code'", "")


def test_what_dvc_tracks_by_itself_is_shared_too(tmp_path: Path) -> None:
    one = Repository(tmp_path / "one", git=False)
    one.run("dvc", "remote", "add", "-q", "-d", "store", tmp_path / "store")
    one.run("dvc", "add", "-q", "data/in.txt")
    assert one.run("modelworks", "push").stdout.startswith("sent 1 object, 0 entries")
    (one.root / "data/in.txt").unlink()
    for path in objects(one.root / ".dvc/cache"):
        path.unlink()
    assert one.run("modelworks", "pull").stdout.startswith("received 1 object, 0 entries")
    one.run("dvc", "checkout", "-q")
    assert (one.root / "data/in.txt").read_text() == "some data\n"


@pytest.mark.parametrize(("mode", "expected"), [(0o2775, 0o2770), (0o2755, 0o2750), (0o755, 0o750)])
def test_the_folders_of_a_cache_are_as_open_to_the_group_as_the_cache_itself(
    store: Path, other: Workspace, mode: int, expected: int
) -> None:
    other.cache.mkdir()
    other.cache.chmod(mode)
    umask = os.umask(0o027)
    try:
        pull(other, everything=True)
        Ledger(other.cache).restored(["a" * 64])
        Store(other.cache).put(Hasher().content(str(other.folder / "in.txt")), other.folder / "in.txt")
    finally:
        os.umask(umask)
    folders = [path for path in other.cache.rglob("*") if path.is_dir()]
    assert {path.parent.name for path in folders} >= {"md5", "runs", "memo", "seconds"}
    assert [path for path in folders if stat.S_IMODE(path.stat().st_mode) != expected] == []


# Remotes that are not trusted


def test_a_damaged_object_on_the_remote_is_not_taken_and_is_named(
    store: Path, other: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    target = next(path for path in objects(store) if b"SOME DATA" in path.read_bytes())
    target.chmod(0o644)
    target.write_text("SOME LIES\n")
    name = target.relative_to(store).as_posix()
    assert cli.main(["pull", "--all", "-d", str(other.folder)]) == 1
    said = capsys.readouterr()
    assert said.err == (
        f"damaged on the remote, not used: {name!r}. Delete it there, and push again from where it is whole\n"
    )
    assert len(objects(other.cache)) == len(objects(store)) - 1
    assert not (other.cache / name).exists()
    for rate in SETTINGS:
        flip(other, rate)
        other.build()
    assert "LIES" not in "".join(path.read_text() for path in objects(other.cache))


def test_a_damaged_entry_and_a_damaged_ledger_are_not_taken(store: Path, other: Workspace) -> None:
    paths = sorted((store / "runs").glob("??/*/*"))
    text = paths[0].read_text()
    paths[0].write_text(text.replace('"md5": "', '"md5": "0')[: len(text)])
    paths[1].write_text(paths[1].read_text()[:-20])
    paths[2].write_text(paths[3].read_text())
    ledger = sorted((store / "memo/ledger").iterdir())
    ledger[0].write_text('{"rule": "x"}\n' + ledger[0].read_text())
    damaged = [*paths[:3], ledger[0]]
    assert sorted(pull(other).damaged) == sorted(str(path.relative_to(store)) for path in damaged)
    assert [path for path in damaged if (other.cache / path.relative_to(store)).exists()] == []
    assert len(list((other.cache / "runs").glob("??/*/*"))) == 2 * JOBS - 3


@pytest.mark.parametrize(
    "text",
    [
        "5\n",
        "{\n\n",
        '{"key": "../../../x"}\n',
        '"x"\n',
        "\xff\n",
        "[" * 100_000 + "\n",
        '{"wall_s": 1' + "0" * 400 + "}\n",
    ],
)
def test_a_ledger_with_a_line_that_is_no_record_is_not_whole(text: str, tmp_path: Path) -> None:
    texts = {
        "key": "a" * 64,
        "rule": "r",
        "started": "2026-01-01T00:00:00Z",
        "device": "cpu",
        "host": "h",
        "workspace": "w",
    }
    record = texts | {"wall_s": 1, "cpu_s": 1, "peak_bytes": 1, "succeeded": True, "wildcards": {}, "outs": {"a": "b"}}
    note = {"workspace": "w", "keys": ["a" * 64]}
    for folder, right in (("ledger", record), ("restored", note)):
        path = tmp_path / "x.jsonl"
        path.write_text(json.dumps(right) + "\n" + '{"half', encoding="utf-8")
        assert shared_ledger.is_whole(path, folder), "a build is still writing it"
        path.write_text(json.dumps(right) + "\n" + text, encoding="latin-1")
        assert not shared_ledger.is_whole(path, folder)
    faults: list[tuple[str, object]] = [("key", "../x"), ("wall_s", -1), ("wall_s", float("nan")), ("succeeded", 1)]
    faults += [("rule", None), ("wall_s", 10**400), ("peak_bytes", "x"), ("started", "x"), ("outs", {"a": 1})]
    for name, value in faults:
        path.write_text(json.dumps({**record, name: value}) + "\n")
        assert not shared_ledger.is_whole(path, "ledger"), name
    for seconds, right in (([0.5], True), ([], True), ([0.5, 0.5], False), ([-1], False), (["x"], False), (0.5, False)):
        path.write_text(json.dumps({**note, "seconds": seconds}) + "\n")
        assert shared_ledger.is_whole(path, "restored") is right, seconds


def test_a_ledger_file_that_does_not_go_on_from_the_one_here_is_not_taken(store: Path, other: Workspace) -> None:
    pull(other)
    ledger = next(path for path in (store / "memo/ledger").iterdir())
    here = other.cache / "memo/ledger" / ledger.name
    before, lines = here.read_text(), ledger.read_text().splitlines(keepends=True)
    ledger.write_text("".join(line.replace('"rule": "', '"rule": "x') for line in lines) * 3)
    assert pull(other).damaged == [f"memo/ledger/{ledger.name}"]
    assert here.read_text() == before
    ledger.write_text(before * 2)
    assert pull(other).damaged == []
    assert here.read_text() == before * 2


def test_a_remote_whose_names_lead_elsewhere_writes_nothing_outside_the_cache(
    store: Path, other: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hostile = [
        "../x.jsonl",
        "../../../x.jsonl",
        "/tmp/x.jsonl",
        ".hidden.jsonl",
        "a/b.jsonl",
        "99999999T000000-h-1.jsonl",
    ]
    entry = f"ab/{'ab' + 'c' * 62}/../../../../x"
    brought: list[str] = []
    monkeypatch.setattr(TeamRemote, "sizes", lambda self, folder: {name: 9 for name in hostile})
    monkeypatch.setattr(TeamRemote, "find", lambda self, folder: iter([entry, "../x", "x.sh"]))
    monkeypatch.setattr(TeamRemote, "bring", lambda self, name, target, callback: brought.append(name))
    before = everything_below(tmp_path)
    moved = pull(other)
    assert brought == []
    assert len(moved.damaged) == 2 * len(hostile) + 3
    assert {name for name in everything_below(tmp_path) - before if "/tmp/" not in name} == set()


def test_a_key_of_s3_with_dots_in_it_is_refused(
    built: Workspace, tmp_path: Path, s3: str, capsys: pytest.CaptureFixture[str]
) -> None:
    client(s3).create_bucket(Bucket="dots")
    client(s3).put_object(Bucket="dots", Key="store/runs/ab/../../../../x.sh", Body=b"x")
    client(s3).put_object(Bucket="dots", Key="store/memo/ledger/x y.jsonl", Body=b"x")
    set_remote(built.folder, url="s3://dots/store", endpointurl=s3, **CREDENTIALS)
    assert cli.main(["pull", "-d", str(built.folder)]) == 1
    said = capsys.readouterr().err
    assert "not used: 'runs/ab/../../../../x.sh'" in said
    assert "not used: 'memo/ledger/x y.jsonl'" in said
    assert list(tmp_path.rglob("x.sh")) == []


def test_a_directory_object_that_names_a_path_outside_is_not_taken(store: Path, other: Workspace) -> None:
    path = store / "evil"
    path.write_text(json.dumps([{"md5": "0" * 32, "relpath": "../../evil"}]))
    oid = f"{md5_file(path)}.dir"
    target = store / "files/md5" / oid[:2] / oid[2:]
    target.parent.mkdir(exist_ok=True)
    path.rename(target)
    (other.folder / "dvc.lock").write_text(
        f"schema: '2.0'\nstages:\n  x:\n    cmd: x\n    outs:\n    - path: x\n      hash: md5\n      md5: {oid}\n"
    )
    said: list[str] = []
    assert pull(other, say=said.append).damaged == [f"files/md5/{oid[:2]}/{oid[2:]}"]
    assert not (other.cache / "files/md5" / oid[:2] / oid[2:]).exists()
    assert "which lies outside" not in "".join(said) and "set aside" in "".join(said)


def test_a_dvc_file_whose_hash_is_a_path_names_no_object(
    store: Path, other: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    (other.folder / "x.dvc").write_text("outs:\n- md5: ../../../../x\n  hash: md5\n  path: x\n")
    pull(other)
    monkeypatch.setattr(TeamRemote, "bring", lambda *arguments: pytest.fail(f"asked for {arguments}"))
    assert pull(other).missing == []


# Pushes and pulls that do not come to their end

DIE_HALFWAY = """
import os, signal, sys
import dvc_objects.fs.local as local
from modelworks import cli
left = int(sys.argv[1])
def copyfile(source, target, callback=None):
    global left
    left -= 1
    data = open(source, "rb").read()
    if left < 0:
        open(target, "wb").write(data[: len(data) // 2])
        os.kill(os.getpid(), signal.SIGKILL)
    open(target, "wb").write(data)
local.copyfile = copyfile
sys.exit(cli.main(sys.argv[2:]))
"""


def die_halfway(after: int, *arguments: str) -> None:
    command = [sys.executable, "-c", DIE_HALFWAY, str(after), *arguments, "--jobs", "1"]
    assert subprocess.run(command, check=False, capture_output=True).returncode == -signal.SIGKILL


@pytest.mark.parametrize("after", [0, 3, 7, 9, 14])
def test_a_push_that_is_killed_leaves_nothing_that_a_pull_takes_for_whole(
    built: Workspace, tmp_path: Path, after: int
) -> None:
    set_remote(built.folder, url=str(tmp_path / "store"))
    die_halfway(after, "push", "-d", str(built.folder))
    other = workspace(tmp_path / "two")
    set_remote(other.folder, url=str(tmp_path / "store"))
    first = pull(other, everything=True)
    assert first.damaged == []
    for path in objects(other.cache):
        assert path.read_bytes() == (built.cache / path.relative_to(other.cache)).read_bytes()
    push(built)
    pull(other, everything=True)
    for rate in SETTINGS:
        flip(other, rate)
        assert other.build().counts == (JOBS, 0, 0)


@pytest.mark.parametrize("after", [0, 7, 9, 14])
def test_a_pull_that_is_killed_is_repeated(store: Path, other: Workspace, after: int) -> None:
    die_halfway(after, "pull", "--all", "-d", str(other.folder))
    for path in (
        *objects(other.cache),
        *(other.cache / "runs").glob("??/*/*"),
        *(other.cache / "memo").glob("*/*.jsonl"),
    ):
        assert path.read_bytes() == (store / path.relative_to(other.cache)).read_bytes()
    pull(other, everything=True)
    for rate in SETTINGS:
        flip(other, rate)
        built_again = other.build()
        assert built_again.counts == (JOBS, 0, 0)
        assert "saved 30 s" in built_again.output
    assert list((other.cache / "memo/tmp").iterdir()) == [], "what was half-fetched is gone"


def test_damage_in_the_own_cache_is_not_spread(
    built: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    set_remote(built.folder, url=str(tmp_path / "store"))
    member = next(path for path in objects(built.cache) if path.read_bytes() == b"constant\n")
    oid = member.parent.name + member.name
    member.chmod(0o644)
    member.write_text("c0nstant\n")
    assert cli.main(["push", "-d", str(built.folder)]) == 1
    said = capsys.readouterr().err
    assert f"damaged here, not sent: {oid}. Run snakemake: it builds what is missing again\n" in said
    assert not (tmp_path / "store/files/md5" / oid[:2] / oid[2:]).exists()
    lists = [path for path in objects(tmp_path / "store") if path.name.endswith(".dir")]
    assert lists == [], "no list of a directory whose files are not all there"


# What is said


def test_a_long_transfer_tells_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(transfers.time, "monotonic", lambda: now[0])
    said: list[str] = []
    told = transfers.Progress("sending objects", 340, said.append)
    told.finished(1000)
    now[0] = 2.0
    told.relative_update(1_200_000_000)
    told.relative_update(5)
    now[0] = 4.5
    told.finished(2)
    assert said == ["sending objects: 1 of 340, 1.20 GB", "sending objects: 2 of 340, 1.20 GB"]


def refused(folder: Path, command: str, capsys: pytest.CaptureFixture[str], *options: str) -> str:
    """What a command that must fail says."""
    assert cli.main([command, "-d", str(folder), *options]) == 1
    return capsys.readouterr().err


def test_every_error_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = workspace(tmp_path / "one")
    folder = made.folder
    assert refused(tmp_path, "push", capsys) == (
        f"error: {tmp_path} lies in no DVC repository: run `dvc init` (or `dvc init --no-scm`) first\n"
    )
    assert refused(folder, "push", capsys) == (
        f"error: {folder}: no default remote is configured. Set one: dvc remote add -d store /path/to/store,"
        " or name one that there is with --remote\n"
    )
    set_remote(folder, url=str(tmp_path / "nowhere"))
    assert refused(folder, "pull", capsys, "--remote", "other") == (
        f"error: {folder}: there is no remote 'other'; known: store\n"
    )
    assert refused(folder, "pull", capsys) == (
        f"error: the remote 'store' ({tmp_path}/nowhere) cannot be used: there is no such folder"
        " (the first push makes it). See where it is with `dvc remote list`, and that it is mounted or that its"
        " credentials are set\n"
    )
    set_remote(folder, url="https://example.org/store")
    assert refused(folder, "push", capsys) == (
        f"error: {folder}: 'store' is an HTTP remote, which cannot hold a run-cache: use another remote\n"
    )
    monkeypatch.setitem(sys.modules, "dvc_s3", None)
    set_remote(folder, url="s3://bucket/store")
    assert refused(folder, "push", capsys) == (
        f"error: {folder}: the remote's file system needs a package that is not installed: s3 is supported, but"
        " requires 'dvc-s3' to be installed. For S3: pip install 'modelworks[s3]' (dvc-s3)\n"
    )
    (folder / ".dvc/config").write_text("[nonsense]\n    x = 1\n")
    assert refused(folder, "pull", capsys).startswith(f"error: {folder}/.dvc: ")


def test_a_bucket_that_is_not_there_and_a_server_that_does_not_answer_are_told(
    tmp_path: Path, s3: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    folder = workspace(tmp_path / "one").folder
    set_remote(folder, url="s3://no-such-bucket/store", endpointurl=s3, **CREDENTIALS)
    assert refused(folder, "push", capsys).startswith(
        "error: the remote 'store' (s3://no-such-bucket/store) cannot be used: "
    )
    set_remote(folder, url="s3://bucket/store", endpointurl="http://127.0.0.1:9", **CREDENTIALS)
    assert "cannot be used: Could not connect to the endpoint URL" in refused(folder, "pull", capsys)


def test_a_lock_file_and_a_dvc_file_that_cannot_be_read_are_named(store: Path, other: Workspace) -> None:
    (other.folder / "x.dvc").write_text("outs: 5\n")
    with pytest.raises(RemoteError, match=rf"^{other.folder}: DVC cannot read what it tracks: .*x\.dvc"):
        pull(other)
    (other.folder / "x.dvc").unlink()
    (other.folder / "dvc.lock").write_text("a: [\n")
    with pytest.raises(RemoteError, match=rf"^{other.folder}/dvc\.lock: cannot be read: "):
        pull(other)


def test_a_transfer_that_breaks_off_says_so_and_is_repeated(
    built: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_remote(built.folder, url=str(tmp_path / "store"))
    left = [3]
    send = TeamRemote.send

    def fail(self: TeamRemote, *arguments: Any, **options: Any) -> int:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(28, os.strerror(28))
        return send(self, *arguments, **options)

    with monkeypatch.context() as patched:
        patched.setattr(TeamRemote, "send", fail)
        with pytest.raises(
            RemoteError,
            match=rf"^the transfer with the remote 'store' \({tmp_path}/store\) broke off:"
            r" \[Errno 28\] No space left on device\. Nothing is half-written: run the same command again$",
        ):
            push(built)
    there = len(objects(tmp_path / "store"))
    assert there == 3
    assert push(built).objects == len(objects(built.cache)) - there


def test_what_is_nowhere_is_told(
    built: Workspace, store: Path, other: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = objects(built.cache)[0]
    oid = gone.parent.name + gone.name
    gone.unlink()
    (store / gone.relative_to(built.cache)).unlink()
    assert cli.main(["push", "-d", str(built.folder)]) == 0
    assert capsys.readouterr().err == f"1 objects are neither here nor on the remote, the first: {oid}\n"
    assert cli.main(["pull", "--all", "-d", str(other.folder)]) == 0
    assert capsys.readouterr().err == f"1 objects are not on the remote, the first: {oid}\n"


def test_an_entry_is_taken_only_under_its_own_name(built: Workspace, tmp_path: Path) -> None:
    name = next(RunCache(built.cache).names())
    fresh = RunCache(tmp_path / "fresh")
    for other_name in (f"{name[:-1]}{'0' if name[-1] != '0' else '1'}", f"00/{'0' * 64}/{name.split('/')[2]}"):
        (tmp_path / "x").write_bytes((built.cache / "runs" / name).read_bytes())
        assert not fresh.take(other_name, tmp_path / "x")
    assert fresh.take(name, tmp_path / "x")
    assert list(fresh.names()) == [name]
