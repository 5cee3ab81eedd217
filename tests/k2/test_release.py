"""Claims about the release: it opens, is complete, says what its figures say, and is checked by itself alone."""

import json
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import yaml

from modelworks.cli import main
from modelworks.lm.model import load_checkpoint, parameter_count
from modelworks.lm.tokenizer import load
from tests.k2 import released
from tests.k2.released import CHECKPOINTS, SCORES, TEXT, bundle, file_bytes, make, read, tokens

CPU = torch.device("cpu")
OPEN = """
import json, sys
sys.modules["modelworks"] = None  # an import of it would fail
from transformers import AutoModelForCausalLM, AutoTokenizer
tokenizer = AutoTokenizer.from_pretrained("model")
model = AutoModelForCausalLM.from_pretrained("model").eval()
given = json.load(sys.stdin)
ids = tokenizer(given["text"]).input_ids
print(json.dumps({
    "ids": ids,
    "decoded": tokenizer.decode(ids),
    "special": [tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.pad_token_id, tokenizer.model_max_length],
    "logits": model(model.dummy_inputs["input_ids"].new_tensor([given["tokens"]])).logits[0].tolist(),
    "generated": model.generate(**tokenizer("The", return_tensors="pt"), max_new_tokens=5).shape[1],
    "others": [AutoModelForCausalLM.from_pretrained(name).num_parameters() for name in given["others"]],
    "loaded": sorted(name for name in sys.modules if name.startswith("modelworks.")),
}))
"""


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The artifacts that a release is made of."""
    folder = tmp_path_factory.mktemp("made") / "k2"
    make(folder)
    return folder


@pytest.fixture(scope="module")
def release(artifacts: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One release, for tests that only read it."""
    return bundle(artifacts, tmp_path_factory.mktemp("release") / "k2")


@pytest.fixture
def copy(release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy to damage, alone in the working directory."""
    monkeypatch.chdir(tmp_path)
    return Path(shutil.copytree(release, tmp_path / "release")).relative_to(tmp_path)


def test_transformers_opens_it_in_a_process_without_modelworks(release: Path, artifacts: Path) -> None:
    text = f"{TEXT} <|endoftext|> ünïcode 漢"
    ids = tokens(20)
    given = {"text": text, "tokens": ids, "others": [f"checkpoints/{name}" for name in CHECKPOINTS[:-1]]}
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-I", "-c", OPEN],
        input=json.dumps(given),
        cwd=release,
        env={**environment, "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    tokenizer = load(artifacts / "tokenizer.json")
    assert found["ids"] == tokenizer.encode(text).ids and 0 not in found["ids"]
    assert found["decoded"] == text
    assert found["special"] == [0, 0, 0, 64]
    model = load_checkpoint(artifacts / "checkpoints" / CHECKPOINTS[-1], CPU)
    with torch.inference_mode():
        expected = model(torch.tensor([ids])).logits[0]
    assert torch.allclose(torch.tensor(found["logits"]), expected, atol=1e-6)
    assert found["generated"] == len(tokenizer.encode("The").ids) + 5
    assert found["others"] == [parameter_count(model)] * 2
    assert found["loaded"] == []


def test_two_releases_of_the_same_artifacts_have_equal_bytes(artifacts: Path, release: Path, tmp_path: Path) -> None:
    first, second = file_bytes(release), file_bytes(bundle(artifacts, tmp_path / "again"))
    assert len(first) == 42
    assert first == second


def test_it_holds_every_artifact_unchanged(artifacts: Path, release: Path) -> None:
    kept = set(file_bytes(release).values())
    made = file_bytes(artifacts)
    assert len(made) == 44
    left_out = {name for name, content in made.items() if content not in kept}
    assert left_out == {f"checkpoints/{name}/.snakemake_timestamp" for name in CHECKPOINTS} | {
        f"checkpoints/{name}/optimizer.safetensors" for name in CHECKPOINTS[:-1]
    }
    assert not (release / "checkpoints" / CHECKPOINTS[0] / "random.safetensors").exists()
    for name in ("model.safetensors", "optimizer.safetensors", "random.safetensors", "progress.json"):
        last = artifacts / "checkpoints" / CHECKPOINTS[-1]
        assert (release / "model" / name).read_bytes() == (last / name).read_bytes()
    assert read(release / "params.json") == released.params()


def test_nothing_in_it_tells_of_the_machine(release: Path, artifacts: Path) -> None:
    for name, content in file_bytes(release).items():
        assert os.fsencode(str(artifacts.parent)) not in content, name
        if not name.endswith((".parquet", ".safetensors")):
            assert platform.node() not in re.findall(r"[\w.-]+", content.decode()), name
            assert not re.search(rb"20\d\d-\d\d-\d\d", content), name


def test_the_card_begins_with_metadata_and_says_what_the_figures_say(release: Path) -> None:
    text = (release / "README.md").read_text(encoding="utf-8")
    _, front, body = text.split("---\n", 2)
    assert yaml.safe_load(front) == {
        "library_name": "transformers",
        "pipeline_tag": "text-generation",
        "tags": ["modelworks", "pretraining"],
    }
    assert "trained from random weights on 614,400 tokens in 300 steps, with 3 checkpoints" in body
    assert f"decoder of {parameter_count(load_checkpoint(release / 'model', CPU)):,} parameters" in body
    lines = body.splitlines()
    assert "| source | reference | a\\|b |" in lines and "| bytes | 345,678 | 901 |" in lines
    assert "| arithmetic | 2,345 |" in lines and "| words.share | 0.00123 |" in lines
    assert "| bits_per_byte.lzma_primed | 2.0491 |" in lines
    assert "| train.learning_rate | 0.004 |" in lines and "| model.tie_word_embeddings | true |" in lines
    for benchmark, item, count, value, low, high in SCORES[:4]:
        assert f"| {benchmark} | {item} | {value:.5g} | {low:.5g} | {high:.5g} | {count:,} |" in lines
    assert not any(line.startswith("| chunk_loss") for line in lines)
    assert body.count("| bits_per_byte |") == 1, "of the last checkpoint only"


def test_the_card_names_the_data_set_and_the_files_that_are_there(release: Path, artifacts: Path) -> None:
    from modelworks.k2.card import Facts, card

    params = released.params()
    params["k2"]["corpus"]["dataset"] = {"name": "owner/text"}
    files = (artifacts / "corpus/statistics.parquet", {}, artifacts / "longitudinal.parquet", {})
    text = card(Facts(params, "001", 1, 1, 1, {}, *files))
    assert yaml.safe_load(text.split("---\n")[1])["datasets"] == ["owner/text"]
    named = re.findall(r"^\| `([\w./]+)` \|", text, re.MULTILINE)
    assert len(named) == 8 and all((release / name).exists() for name in named)
    assert {path.name for path in release.iterdir()} == {
        *(Path(name).parts[0] for name in named), "README.md", "manifest.json", "SHA256SUMS",
    }  # fmt: skip


def test_inputs_that_would_become_one_file_are_refused(artifacts: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    shutil.copy(artifacts / "metrics.json", tmp_path / "other/metrics.json")
    with pytest.raises(ValueError, match=r"other/metrics\.json: a file of the release is called evaluation/metrics"):
        bundle(artifacts, tmp_path / "release", pages=[tmp_path / "other/metrics.json"])


def test_a_good_release_is_said_to_be_good(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["k2", "check-release", str(copy)]) == 0
    size = sum(
        len(content) for name, content in file_bytes(copy).items() if name not in ("manifest.json", "SHA256SUMS")
    )
    root = read(copy / "manifest.json")["root"]
    assert capsys.readouterr().out == f"40 files, {size:,} bytes, root {root}\n"
    subprocess.run(["sha256sum", "--check", "--quiet", "--strict", "SHA256SUMS"], cwd=copy, check=True)


def test_a_flipped_byte_in_each_file_is_named(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = file_bytes(copy)
    assert len(files) == 42
    assert {Path(name).suffix for name in files} == {
        ".json", ".safetensors", ".parquet", ".md", ".csv", ".html", "",
    }  # fmt: skip
    for name, content in files.items():
        for place in (0, len(content) // 2, len(content) - 1):
            damaged = bytearray(content)
            damaged[place] ^= 0xFF
            (copy / name).write_bytes(damaged)
            assert main(["k2", "check-release", str(copy)]) == 1, name
            assert f"error: {name}: " in capsys.readouterr().err
        (copy / name).write_bytes(content)
    assert main(["k2", "check-release", str(copy)]) == 0


def test_a_deleted_an_added_and_a_renamed_file_are_named(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (copy / "order/002.parquet").unlink()
    (copy / "order/004.parquet").write_bytes(b"PAR1")
    (copy / "checkpoints/001/config.json").rename(copy / "checkpoints/001/configuration.json")
    assert main(["k2", "check-release", str(copy)]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.splitlines() == [
        "error: checkpoints/001/config.json: is missing",
        "error: order/002.parquet: is missing",
        "error: checkpoints/001/configuration.json: is not in manifest.json: it was added",
        "error: order/004.parquet: is not in manifest.json: it was added",
        "release: not as it was published, faults: 4",
    ]


def test_the_check_reads_neither_repository_nor_params(copy: Path) -> None:
    script = "import sys; from modelworks.cli import main; main(sys.argv[1:]); print(sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script, "k2", "check-release", str(copy)],
        env={"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("40 files, ")
    loaded = set(re.findall(r"'([\w.]+)'", done.stdout))
    assert "modelworks.lm.check_bundle" in loaded
    assert loaded.isdisjoint({"modelworks.build.params", "yaml", "pydantic", "polars", "torch", "dvc", "snakemake"})
