"""Claims about `modelworks k2 plan` and the paper preset."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from modelworks.build import params as params_file
from modelworks.cli import main
from modelworks.k2 import run_plan
from modelworks.k2.segments import segments

ROOT = Path(__file__).parents[2]
A100 = run_plan.Hardware("A100", 510, 0.4, 2.0)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the repository's params and presets, and a Snakefile that is not read."""
    shutil.copytree(ROOT / "presets", tmp_path / "presets")
    shutil.copy(ROOT / "params.yaml", tmp_path / "params.yaml")
    (tmp_path / "rules").mkdir()
    (tmp_path / "Snakefile").write_text("")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def paper() -> dict[str, Any]:
    """The values of the paper preset."""
    return run_plan.read(ROOT, "paper")


def test_the_paper_preset_is_k2_65b(paper: dict[str, Any]) -> None:
    planned = run_plan.plan(paper, A100)
    assert planned["parameters"]["total"] == 65_286_184_960
    base, long = planned["phases"]
    assert (base["steps"], base["chunks"], base["context"]) == (338_760, 360, 2048)
    assert base["tokens"] == 338_760 * 2040 * 2048 == 1_415_312_179_200
    assert long["context"] == 8192 and 69.3e9 < long["tokens"] < 69.4e9
    assert 6 * 65_286_184_960 * base["tokens"] == pytest.approx(5.54e23, rel=1e-3)
    assert planned["six_n_d"] == pytest.approx(5.54e23 + 6 * 65_286_184_960 * long["tokens"], rel=1e-3)
    train = paper["k2"]["train"]
    assert train["batch_tokens"] == 2040 * 2048 == train["ranks"] * train["micro_batch_tokens"]
    assert train["micro_batch_tokens"] == 4 * 2048
    names = [segment.chunk for segment in segments(paper["k2"]["run"], paper["k2"]["order"], train)]
    assert names[158:161] == ["159", "160", "162"] and names[358:361] == ["161", "187", "361"]


def test_the_model_of_the_paper_is_built_without_memory_and_has_the_published_size(paper: dict[str, Any]) -> None:
    assert run_plan.parameters_on_meta(paper) == 65_286_184_960


def test_hours_and_money_follow_from_flops_and_peak(paper: dict[str, Any]) -> None:
    planned = run_plan.plan(paper, A100)
    assert planned["gpu_hours"] == pytest.approx(planned["flops"] / (0.4 * 312e12) / 3600)
    assert planned["hours"] == pytest.approx(planned["gpu_hours"] / 510)
    assert planned["money"] == pytest.approx(planned["gpu_hours"] * 2)
    twice = run_plan.plan(paper, run_plan.Hardware("A100", 1020, 0.8, 2.0))
    assert twice["gpu_hours"] == pytest.approx(planned["gpu_hours"] / 2)
    assert twice["memory_per_gpu"]["weights"] == pytest.approx(planned["memory_per_gpu"]["weights"] / 2, rel=1e-6)


def test_the_phases_add_up_and_one_that_is_not_trained_is_left_out(paper: dict[str, Any]) -> None:
    planned = run_plan.plan(paper, A100)
    assert planned["flops"] == sum(phase["flops"] for phase in planned["phases"])
    shorter = params_file.overlay(paper, {"k2": {"run": {"long_chunks": 0}}})
    assert [phase["name"] for phase in run_plan.plan(shorter, A100)["phases"]] == ["base"]


def test_a_tied_model_is_planned_and_built_alike() -> None:
    params = run_plan.read(ROOT, None)
    assert params["k2"]["model"]["tie_word_embeddings"]
    planned = run_plan.plan(params, run_plan.Hardware("H100", 1, 0.4, 2.0))
    assert planned["parameters"]["output"] == 0
    assert run_plan.parameters_on_meta(params) == planned["parameters"]["total"]


def test_the_command_prints_what_it_plans(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["k2", "plan", "--preset", "paper", "--gpus", "480", "--price", "1.5"]) == 0
    printed = capsys.readouterr().out
    lines = {" ".join(line.split()) for line in printed.splitlines()}
    assert {"total 65,286,184,960", "on meta device 65,286,184,960"} <= lines
    assert "memory per GPU: 480 x A100, fsdp2, 8,192 tokens at a time, with activation checkpointing" in lines
    assert any(line.startswith("base 2048 360 338,760 1,415,312,179,200 ") for line in lines)
    assert "on 480 GPUs" in printed and "at 1.5 USD for a GPU hour" in printed


def test_the_values_of_a_workspace_are_planned_without_a_preset(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (repository / "params.yaml").read_text(encoding="utf-8")
    (repository / "params.yaml").write_text(text.replace("base_chunks: 14", "base_chunks: 5"), encoding="utf-8")
    assert main(["k2", "plan", "--directory", str(repository), "--gpu", "NVIDIA H100 PCIe", "--json"]) == 0
    planned = json.loads(capsys.readouterr().out)
    assert planned["phases"][0]["chunks"] == 5
    assert planned["hardware"]["peak"] == 756.5e12 and planned["hardware"]["gpus"] == 1
    assert planned["built_on_meta"] == planned["parameters"]["total"]


def test_a_model_of_another_size_than_planned_is_an_error(
    repository: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_plan, "parameters_on_meta", lambda params: 5)
    assert main(["k2", "plan"]) == 1
    assert "error: the model has 5 parameters when it is built, " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--preset", "nope"], "error: --preset nope: there is no such preset; there are paper, smoke"),
        (["--preset", "../paper"], "error: --preset ../paper: there is no such preset"),
        (["--gpu", "abacus"], "error: --gpu abacus: its peak is not known; known are A10, A10G, "),
        (["--directory", "nowhere"], "error: nowhere/params.yaml: cannot be read: No such file or directory"),
    ],
)
def test_what_cannot_be_planned_is_said(
    repository: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert main(["k2", "plan", *arguments]) == 1
    assert capsys.readouterr().err.startswith(message)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--gpus", "0"], "--gpus: must be a whole number of at least 1, got '0'"),
        (["--gpus", "²"], "--gpus: must be a whole number of at least 1, got '²'"),
        (["--mfu", "nan"], "--mfu: must be above 0 and at most 1, got 'nan'"),
        (["--mfu", "half"], "--mfu: must be above 0 and at most 1, got 'half'"),
        (["--price", "-1"], "--price: must be a number of at least 0, got '-1'"),
    ],
)
def test_a_wrong_option_is_refused(
    repository: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["k2", "plan", *arguments])
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err


def test_a_subcommand_is_imported_only_when_it_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["k2", "--help"], ["k2", "plan", "--help"]):
        with pytest.raises(SystemExit) as stopped:
            main(arguments)
        assert stopped.value.code == 0
    printed = capsys.readouterr().out
    assert all(name in printed for name in ("where", "plan", "check-release", "cite-costs", "--mfu"))
