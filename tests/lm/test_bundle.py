"""Claims about a published folder: every byte is covered, and what a stranger put there is named, not trusted."""

import hashlib
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from modelworks.lm import check_bundle
from modelworks.lm.bundle import MANIFEST, SUMS, BundleError, Entry, Manifest, parse, seal
from modelworks.lm.check_bundle import check

FILES = {
    "README.md": b"# card\n",
    "model/model.safetensors": bytes(range(256)) * 9,
    "logs/empty": b"",
    "order/1.parquet": b"PAR1",
}


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A sealed folder."""
    for name, content in FILES.items():
        (tmp_path / "b" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "b" / name).write_bytes(content)
    seal(tmp_path / "b", "demo")
    return tmp_path / "b"


def faults(bundle: Path) -> list[str]:
    return list(check(bundle).faults)


def test_a_sealed_folder_is_without_fault_and_its_root_hash_is_that_of_its_lines(bundle: Path) -> None:
    checked = check(bundle)
    assert checked.faults == () and checked.manifest is not None
    assert [file.path for file in checked.manifest.files] == sorted(FILES)
    lines = "modelworks-release 1 demo\n" + "".join(
        f"{hashlib.sha256(content).hexdigest()} {len(content)} {name}\n" for name, content in sorted(FILES.items())
    )
    assert checked.manifest.root == hashlib.sha256(lines.encode()).hexdigest()
    assert json.loads((bundle / MANIFEST).read_text())["root"] == checked.manifest.root


def test_coreutils_alone_check_it(bundle: Path) -> None:
    command = ["sha256sum", "--check", "--strict", SUMS]
    done = subprocess.run(command, cwd=bundle, capture_output=True, text=True, check=True)
    assert done.stdout.count(": OK") == len(FILES) + 1
    (bundle / "README.md").write_bytes(b"# cart\n")
    done = subprocess.run(command, cwd=bundle, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "README.md: FAILED" in done.stdout


def test_a_flipped_bit_anywhere_is_named(bundle: Path) -> None:
    places = [(path, at) for path in sorted(bundle.rglob("*")) if path.is_file() for at in range(path.stat().st_size)]
    assert len({path for path, _ in places}) == len(FILES) + 1  # the empty file has no bit
    for path, at in places:
        content = path.read_bytes()
        path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        found = faults(bundle)
        assert any(fault.startswith(f"{path.relative_to(bundle)}: ") for fault in found), (path, at, found)
        path.write_bytes(content)
    assert faults(bundle) == []


def test_each_missing_file_is_named(bundle: Path) -> None:
    names = [*FILES, MANIFEST, SUMS]
    for name in names:
        content = (bundle / name).read_bytes()
        (bundle / name).unlink()
        assert f"{name}: is missing" in faults(bundle)
        (bundle / name).write_bytes(content)
    assert faults(bundle) == []


@pytest.mark.parametrize("name", ["extra", "model/extra.bin", "new/deep/er", "model/COSTS.json", ".hidden", "-rf"])
def test_an_added_file_is_named(bundle: Path, name: str) -> None:
    (bundle / name).parent.mkdir(parents=True, exist_ok=True)
    (bundle / name).write_bytes(b"")
    assert [fault.endswith(": is not in manifest.json: it was added") for fault in faults(bundle)] == [True]
    assert name in faults(bundle)[0]


def test_an_added_empty_folder_is_named(bundle: Path) -> None:
    (bundle / "model/more").mkdir()
    assert faults(bundle) == ["model/more: is an empty folder: it was added"]


def test_a_name_with_control_characters_is_shown_escaped(bundle: Path) -> None:
    (bundle / "a\n\x1b[2Jb").write_bytes(b"")
    assert faults(bundle) == ['"a\\n\\u001b[2Jb": is not in manifest.json: it was added']


def test_costs_may_lie_beside_and_are_covered_by_nothing(bundle: Path) -> None:
    (bundle / "COSTS.json").write_text("{}")
    assert faults(bundle) == []


def test_what_snakemake_leaves_in_a_folder_is_no_fault_and_can_carry_nothing(bundle: Path) -> None:
    (bundle / ".snakemake_timestamp").touch()
    assert faults(bundle) == []
    (bundle / ".snakemake_timestamp").write_text("x")
    assert faults(bundle) == [".snakemake_timestamp: must be empty"]
    (bundle / ".snakemake_timestamp").rename(bundle / "model/.snakemake_timestamp")
    assert faults(bundle) == ['"model/.snakemake_timestamp": is not in manifest.json: it was added']


def test_no_link_is_followed_and_no_pipe_is_opened(bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "same").write_bytes(FILES["README.md"])
    (bundle / "README.md").unlink()
    (bundle / "README.md").symlink_to(tmp_path / "same")
    (bundle / "model").rename(tmp_path / "elsewhere")
    (bundle / "model").symlink_to(tmp_path / "elsewhere")
    (bundle / "logs/empty").unlink()
    os.mkfifo(bundle / "logs/empty")
    (bundle / "COSTS.json").symlink_to("/etc/passwd")
    assert sorted(faults(bundle)) == [
        "COSTS.json: is a symbolic link: links are not followed",
        "README.md: is a symbolic link: links are not followed",
        "README.md: is missing",
        "logs/empty: is missing",
        "logs/empty: is neither a file nor a folder",
        "model/model.safetensors: is missing",
        "model: is a symbolic link: links are not followed",
    ]


def test_a_manifest_that_is_a_link_is_not_read(bundle: Path, tmp_path: Path) -> None:
    (bundle / MANIFEST).rename(tmp_path / "manifest")
    (bundle / MANIFEST).symlink_to(tmp_path / "manifest")
    assert faults(bundle) == [
        "manifest.json: is a symbolic link: links are not followed",
        "manifest.json: is missing",
    ]


def test_a_huge_manifest_is_not_read_whole(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_bundle, "MOST_MANIFEST_BYTES", 100)
    assert faults(bundle) == ["manifest.json: is larger than 100 bytes"]


def test_a_folder_that_is_none_is_a_fault(tmp_path: Path) -> None:
    assert faults(tmp_path / "none") == [f"{tmp_path}/none: is no folder"]


def changed(**values: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda data: {**data, **values}


def entry(**values: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda data: {**data, "files": [{**data["files"][0], **values}, *data["files"][1:]]}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (changed(format="zip"), "must be of the format modelworks-release, version 1"),
        (changed(version=2), "must be of the format modelworks-release, version 1"),
        (changed(excluded=["COSTS.json", "model/model.safetensors"]), "exclude COSTS.json, .snakemake_timestamp"),
        (changed(excluded=["COSTS.json"]), "exclude COSTS.json, .snakemake_timestamp"),
        (changed(name="../demo"), "manifest.json: name: must be lower-case letters, digits, _ and -"),
        (changed(name=5), "manifest.json: name: must be lower-case letters"),
        (changed(root="0" * 64), "manifest.json: its root hash must be "),
        (changed(files=None), "manifest.json: files, item 0: must be a path, a size and a SHA-256"),
        (changed(files=[["README.md", 1, "0" * 64]]), "files, item 0: must be a path, a size and a SHA-256"),
        (changed(more=1), "must hold format, version, name, excluded, root, files, in this order"),
        (lambda data: [data], "must hold format, version, name, excluded, root, files, in this order"),
        (lambda data: {**data, "files": data["files"] * 2}, "manifest.json: README.md: is listed twice"),
        (lambda data: {**data, "files": data["files"][::-1]}, "is not spelled as the format demands"),
        (entry(size=True), "files, item 0: must be a path"),
        (entry(size=-1), "files, item 0: must be a path"),
        (entry(size=1.0), "files, item 0: must be a path"),
        (entry(sha256="A" * 64), "files, item 0: must be a path"),
        (entry(sha256="0" * 64 + "\n"), "files, item 0: must be a path"),
        (entry(path=None), "files, item 0: must be a path"),
        (entry(path="../secret"), 'manifest.json: "../secret": must be names of letters'),
        (entry(path="/etc/passwd"), 'manifest.json: "/etc/passwd": must be names of letters'),
        (entry(path="model/../../x"), "no path that leads out"),
        (entry(path="./README.md"), "no path that leads out"),
        (entry(path="model//x"), "no path that leads out"),
        (entry(path="a\\b"), "no path that leads out"),
        (entry(path="a\nb"), 'manifest.json: "a\\nb": must be names of letters'),
        (entry(path="README.md\n"), 'manifest.json: "README.md\\n": must be names of letters'),
        (entry(path=""), 'manifest.json: "": must be names of letters'),
        (entry(path=MANIFEST), "manifest.json: manifest.json: is not listed in a manifest"),
        (entry(path="COSTS.json"), "manifest.json: COSTS.json: is not listed in a manifest"),
    ],
)
def test_a_manifest_that_breaks_the_format_is_refused(
    bundle: Path, change: Callable[[dict[str, Any]], Any], message: str
) -> None:
    data = change(json.loads((bundle / MANIFEST).read_text()))
    (bundle / MANIFEST).write_text(json.dumps(data, indent=1) + "\n")
    found = faults(bundle)
    assert len(found) >= 1 and message in found[0], found


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"format": "modelworks-release", "format": "x"}', b"1" * 5000, b"NaN"],
)
def test_a_manifest_that_is_no_manifest_is_a_fault_and_not_a_crash(bundle: Path, content: bytes) -> None:
    (bundle / MANIFEST).write_bytes(content)
    assert len(faults(bundle)) == 1 and faults(bundle)[0].startswith("manifest.json: ")


def test_every_fault_of_a_manifest_is_said_at_once() -> None:
    data = json.loads(Manifest("demo", (Entry("a", 1, "0" * 64),)).text())
    data["files"] = [{"path": path, "size": 1, "sha256": "0" * 64} for path in ("../a", "/b", "c", "c")]
    with pytest.raises(BundleError) as error:
        parse(json.dumps(data).encode())
    assert [line.split(": ")[1] for line in str(error.value).splitlines()] == ['"../a"', '"/b"', "c"]


def test_what_cannot_be_published_is_not_sealed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc/passwd")
    with pytest.raises(BundleError, match="link: is neither a file nor a folder"):
        seal(tmp_path, "demo")
    (tmp_path / "link").unlink()
    (tmp_path / "a b").write_text("")
    (tmp_path / "COSTS.json").write_text("")
    with pytest.raises(BundleError) as error:
        seal(tmp_path, "Demo")
    assert len(str(error.value).splitlines()) == 3
    assert not (tmp_path / MANIFEST).exists()
