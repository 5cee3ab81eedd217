"""The folder where a stage keeps its progress is that of its key, and one process's alone."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from modelworks.build import progress
from snakemake_executor_plugin_dvc.scratch import OFFERS, Scratch, offer_name


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "w").mkdir()
    monkeypatch.chdir(tmp_path / "w")
    monkeypatch.setenv("MODELWORKS_BUILD_PID", str(os.getpid()))
    monkeypatch.delenv("MODELWORKS_SCRATCH", raising=False)
    monkeypatch.setattr(progress, "_PATIENCE_S", 0.0)
    monkeypatch.setattr(progress, "_locks", [])
    return tmp_path


def test_the_plugin_s_offer_is_found_by_the_outputs_in_any_order(here: Path) -> None:
    scratch = Scratch(here / "cache")
    scratch.offer("k1", ["out/a", "out/b"])
    assert progress.folder(["out/b", "./out/a"]) == here / "cache/memo/scratch/k1"
    assert progress.folder(["out/b"]) is None
    assert progress.folder([]) is None
    scratch.withdraw(["out/a", "out/b"])
    assert progress.folder(["out/a", "out/b"]) is None


def test_an_offer_of_another_build_does_not_count(here: Path) -> None:
    scratch = Scratch(here / "cache")
    scratch.offer("k1", ["a"])
    offer = OFFERS / offer_name(["a"])
    offer.write_text(json.dumps(json.loads(offer.read_text()) | {"pid": 1}))
    assert progress.folder(["a"]) is None
    offer.write_text("torn")
    assert progress.folder(["a"]) is None
    assert list(Scratch(here / "cache")._folder.glob("*")) == []
    assert not offer.exists(), "what a killed build has offered is withdrawn"


def test_two_processes_never_have_one_folder(here: Path) -> None:
    Scratch(here / "cache").offer("k1", ["a"])
    first = progress.folder(["a"])
    assert first is not None
    code = "from modelworks.build import progress as p; p._PATIENCE_S = float('{}'); print(p.folder(['a']))".format
    command = [sys.executable, "-c", code(0)]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "None\n"
    waiting = subprocess.Popen([sys.executable, "-c", code(60)], stdout=subprocess.PIPE, text=True)
    for handle in progress._locks:
        os.close(handle)
    assert waiting.communicate(timeout=60)[0] == f"{first}\n", "it waits for one that is about to end"


@pytest.mark.parametrize(("mode", "expected"), [(0o2775, 0o2775), (0o755, 0o755)])
def test_the_folder_is_as_open_to_the_group_as_the_cache(here: Path, mode: int, expected: int) -> None:
    (here / "cache").mkdir()
    (here / "cache").chmod(mode)
    umask = os.umask(0o022)
    try:
        Scratch(here / "cache").offer("k1", ["a"])
        found = progress.folder(["a"])
    finally:
        os.umask(umask)
    assert found is not None
    assert {stat.S_IMODE(path.stat().st_mode) for path in (found, found.parent)} == {expected}


def test_what_is_empty_is_tidied_up_and_what_is_not_stays(here: Path) -> None:
    Scratch(here / "cache").offer("k1", ["a"])
    found = progress.folder(["a"])
    assert found is not None
    (found / "step").write_text("1")
    progress.tidy(found)
    assert found.is_dir()
    (found / "step").unlink()
    progress.tidy(found)
    assert not found.exists()
    progress.tidy(None)
