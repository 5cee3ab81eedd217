"""Claims about the k2 graph, on a tiny build of every stage."""

import copy
import json
import math
import os
import platform
import re
from collections.abc import Callable
from pathlib import Path

import polars
import pytest
from modelworks.k2.corpus import EMBEDDED, check_is_remote, check_overlap
from tokenizers import Tokenizer
from transformers import LlamaForCausalLM

from modelworks.lm.corpus import Overlap, paragraphs
from modelworks.lm.packing import load
from tests.k2.conftest import ROOT, build, file_bytes, run_stage, tiny_params

SHAKESPEARE = ROOT.parent / "shared/data/text/tinyshakespeare.txt"


def test_two_builds_give_equal_bytes(built: Path, small_corpus: Path, tmp_path: Path) -> None:
    build(tmp_path, small_corpus, tiny_params())
    first, second = file_bytes(built), file_bytes(tmp_path)
    assert len(first) == 41
    assert [name for name in first if first[name] != second.get(name)] == []
    assert first.keys() == second.keys()


def test_another_seed_gives_another_split_model_and_samples(built: Path, small_corpus: Path, tmp_path: Path) -> None:
    build(tmp_path, small_corpus, {**tiny_params(), "seed": 8})
    for name in ("corpus/validation.parquet", "checkpoints/005/model.safetensors", "samples.json"):
        assert (built / name).read_bytes() != (tmp_path / name).read_bytes()


def test_no_artifact_holds_a_host_a_path_or_a_date(built: Path) -> None:
    year = re.compile(rb"20\d\d-\d\d-\d\d")
    files = file_bytes(built)
    assert len(files) == 41
    for name, content in files.items():
        if not name.endswith((".parquet", ".safetensors")):  # a short host name is in any binary file by chance
            assert platform.node() not in re.findall(r"[\w.-]+", content.decode()), name
        assert os.fsencode(str(built.parent)) not in content, name
        if not name.startswith("corpus/"):
            assert not year.search(content), name


def test_every_checkpoint_is_its_own_and_loads_with_transformers(built: Path) -> None:
    weights = set()
    for index in range(1, 6):
        directory = built / "checkpoints" / f"{index:03d}"
        LlamaForCausalLM.from_pretrained(directory, local_files_only=True)
        weights.add((directory / "model.safetensors").read_bytes())
        progress = json.loads((directory / "progress.json").read_text())
        assert progress == {"step": 5 * index, "training_tokens": 5 * index * 4 * 32}
    assert len(weights) == 5


def test_the_score_covers_every_held_out_byte(built: Path) -> None:
    texts = polars.read_parquet(built / "corpus/validation.parquet")["text"].to_list()
    size = sum(len(text.encode()) for text in texts)
    packed = load(built / "tokens/validation.safetensors")
    for path in sorted((built / "evaluation").iterdir()):
        score = json.loads(path.read_text())
        assert score["bytes"] == size
        assert score["tokens"] == len(packed.tokens) - 1
        assert score["split"] == "validation"
        assert score["bits_per_byte"] == pytest.approx(score["nats"] / math.log(2) / size, abs=1e-5)
    baselines = json.loads((built / "baselines.json").read_text())
    assert baselines["bytes"] == size
    assert sorted(baselines["bits_per_byte"]) == ["lzma", "lzma_primed", "unigram_bytes", "unigram_tokens", "zlib"]


def test_the_held_out_tokens_spell_the_held_out_text(built: Path) -> None:
    tokenizer = Tokenizer.from_file(str(built / "tokenizer.json"))
    texts = polars.read_parquet(built / "corpus/validation.parquet")["text"].to_list()
    documents = load(built / "tokens/validation.safetensors").documents()
    assert [tokenizer.decode(document[1:-1].tolist()) for document in documents] == texts


def test_training_lowers_the_held_out_bits_per_byte(built: Path) -> None:
    scores = [json.loads(path.read_text())["bits_per_byte"] for path in sorted((built / "evaluation").iterdir())]
    assert len(scores) == 5
    assert scores == sorted(scores, reverse=True)
    metrics = json.loads((built / "metrics.json").read_text())
    assert metrics["best"]["bits_per_byte"] == min(scores)
    assert metrics["last"] == {"step": 25, "bits_per_byte": scores[-1]}


def test_ten_samples_are_shown_all_and_in_order(built: Path) -> None:
    samples = json.loads((built / "samples.json").read_text())
    page = (built / "samples.html").read_text()
    assert len(samples) == 10
    assert len({sample["seed"] for sample in samples}) == 10
    assert re.findall(r"<h2>Sample (\d+)", page) == [str(number) for number in range(1, 11)]


def test_the_tables_for_plots_hold_every_step_and_checkpoint(built: Path) -> None:
    loss = polars.read_csv(built / "plots/loss.csv")
    assert loss["step"].to_list() == list(range(1, 26))
    assert "bits_per_byte" in loss.columns
    held_out = polars.read_csv(built / "plots/bits_per_byte.csv")
    assert held_out["step"].to_list() == [5, 10, 15, 20, 25]
    assert polars.read_csv(built / "results.csv").height == 5 + 5


def test_the_embedded_corpus_is_split_within_its_limits(corpus_stage: Callable[..., dict[str, Path]]) -> None:
    outputs = corpus_stage(ROOT / EMBEDDED, files=[EMBEDDED], section_bytes=16384)
    report = json.loads(outputs["report"].read_text())
    assert report["documents"] == 79
    assert report["bytes_without_repeated_paragraphs"] < 0.9 * report["bytes"]
    assert 0.1 <= report["validation_share"] < 0.2
    assert report["overlap_share"] <= 0.01
    parts = []
    for part in ("train", "validation"):
        texts = polars.read_parquet(outputs[part])["text"].to_list()
        parts.append({" ".join(paragraph.split()) for text in texts for paragraph in paragraphs(text)})
    assert min(map(len, parts)) > 50
    assert not parts[0] & parts[1]


def test_overlap_above_the_limit_fails_the_embedded_corpus_and_warns_for_any_other(
    capsys: pytest.CaptureFixture[str],
) -> None:
    params = tiny_params()["k2"]["corpus"]
    limit, above = Overlap(10, 1000), Overlap(11, 1000)
    check_overlap(limit, {**params, "files": [EMBEDDED]})
    check_overlap(limit, params)
    assert capsys.readouterr().err == ""
    with pytest.raises(ValueError, match=r"1\.10% of the validation text's 13-word-grams also occur in the training"):
        check_overlap(above, {**params, "files": [EMBEDDED]})
    check_overlap(above, params)
    assert re.match(r"warning: 1\.10% .* Remedy: remove near-duplicate documents", capsys.readouterr().err)
    check_overlap(above, {**params, "files": [], "dataset": {"name": "owner/text"}})
    assert "warning" in capsys.readouterr().err


def test_a_corpus_of_near_duplicates_warns_and_is_still_built(
    corpus_stage: Callable[..., dict[str, Path]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    common = " ".join(f"word{number}" for number in range(40))
    rows = [{"id": f"d{number}", "text": f"{number} {common}"} for number in range(50)]
    path = tmp_path / "near.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    report = json.loads(corpus_stage(path)["report"].read_text())
    assert report["overlap_share"] > 0.9
    assert "also occur in the training text" in capsys.readouterr().err


@pytest.mark.skipif(not SHAKESPEARE.exists(), reason="../shared is not there")
def test_a_text_file_of_ones_own_is_read_cut_and_split(corpus_stage: Callable[..., dict[str, Path]]) -> None:
    outputs = corpus_stage(SHAKESPEARE, files=["tinyshakespeare.txt"], id_column=None, section_bytes=16384)
    report = json.loads(outputs["report"].read_text())
    assert report["documents"] == 1
    assert report["train_sections"] > 50
    assert 0.1 <= report["validation_share"] < 0.15


def test_a_folder_called_like_the_hub_data_set_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    check_is_remote("owner/text")
    Path("owner/text").mkdir(parents=True)
    with pytest.raises(ValueError, match=r"dataset\.name: owner/text is a folder here"):
        check_is_remote("owner/text")


def test_a_hub_data_set_is_read_with_its_own_columns(tmp_path: Path, small_corpus: Path) -> None:
    directory = tmp_path / "hub"
    directory.mkdir()
    (directory / "train.jsonl").write_bytes(small_corpus.read_bytes())
    params = tiny_params()
    dataset = {"name": str(directory), "revision": "v1", "configuration": None, "split": "train"}
    params["k2"]["corpus"] |= {"files": [], "dataset": dataset}
    outputs = {name: [tmp_path / name] for name in ("train", "validation", "report")}
    run_stage("corpus", {}, outputs, params)
    assert json.loads((tmp_path / "report").read_text())["documents"] == 20


def test_a_wrong_number_of_checkpoint_outputs_is_refused(built: Path, tmp_path: Path) -> None:
    params = copy.deepcopy(tiny_params())
    inputs = {"tokens": [built / "tokens/train.safetensors"]}
    outputs = {"checkpoints": [tmp_path / "001"], "log": [tmp_path / "log.parquet"]}
    with pytest.raises(ValueError, match=r"1 checkpoint outputs, but params\.yaml: k2\.train\.checkpoints"):
        run_stage("train", inputs, outputs, params)
