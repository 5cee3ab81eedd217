"""The whole k2 graph built with tiny settings by calling its stage modules, without an engine."""

import importlib
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from modelworks.stage import Stage

CORPUS = "data/python_reference.jsonl"
ROOT = Path(__file__).parents[2]


def tiny_params() -> dict[str, Any]:
    """Settings that build in a few seconds."""
    return {
        "seed": 7,
        "k2": {
            "corpus": {
                "files": ["own.jsonl"],
                "dataset": None,
                "text_column": "text",
                "id_column": "id",
                "section_bytes": 4096,
                "validation_fraction": 0.1,
                "overlap_words": 13,
                "most_overlap": 0.01,
            },
            "tokenizer": {"vocab_size": 320, "min_frequency": 2},
            "model": {
                "hidden_size": 32,
                "intermediate_size": 64,
                "num_hidden_layers": 2,
                "num_attention_heads": 2,
                "num_key_value_heads": 2,
                "max_position_embeddings": 32,
                "rms_norm_eps": 1e-5,
                "initializer_range": 0.02,
                "rope_theta": 10000.0,
                "tie_word_embeddings": True,
            },
            "train": {
                "steps": 25,
                "checkpoints": 5,
                "batch_rows": 4,
                "micro_batch_rows": 2,
                "learning_rate": 3e-3,
                "final_learning_rate_share": 0.1,
                "warmup_steps": 5,
                "weight_decay": 0.1,
                "beta1": 0.9,
                "beta2": 0.95,
                "epsilon": 1e-8,
                "gradient_clip": 1.0,
                "threads": 1,
            },
            "evaluate": {"stride_share": 0.5, "batch_rows": 8, "threads": 1},
            "samples": {"count": 10, "most_tokens": 20, "temperature": 0.8, "top_k": 0, "threads": 1},
        },
    }


def run_stage(name: str, inputs: dict[str, list[Path]], outputs: dict[str, list[Path]], params: dict[str, Any]) -> None:
    """Run one stage module of k2 as the runner does: with its outputs' folders made."""
    for path in (path for paths in outputs.values() for path in paths):
        path.parent.mkdir(parents=True, exist_ok=True)
    module = importlib.import_module(f"modelworks.k2.{name}")
    with tempfile.TemporaryDirectory() as scratch:
        module.main(Stage(f"modelworks.k2.{name}", f"k2_{name}", inputs, outputs, params, scratch=Path(scratch)))


def build(directory: Path, corpus: Path, params: dict[str, Any]) -> None:
    """Run every stage of k2 in order, into `directory`, under the names that the rules give."""

    def run(name: str, inputs: Mapping[str, str | Sequence[str]], outputs: Mapping[str, str | Sequence[str]]) -> None:
        def paths(named: Mapping[str, str | Sequence[str]]) -> dict[str, list[Path]]:
            return {key: [directory / one for one in ([v] if isinstance(v, str) else v)] for key, v in named.items()}

        run_stage(name, paths(inputs), paths(outputs), params)

    both = {"train": "corpus/train.parquet", "validation": "corpus/validation.parquet"}
    packed = {"train": "tokens/train.safetensors", "validation": "tokens/validation.safetensors"}
    indexes = [f"{index:03d}" for index in range(1, params["k2"]["train"]["checkpoints"] + 1)]
    checkpoints = [f"checkpoints/{index}" for index in indexes]
    scores = [f"evaluation/{index}.json" for index in indexes]
    run("corpus", {"data": str(corpus)}, {**both, "report": "corpus/report.json"})
    run("tokenizer", {"corpus": both["train"]}, {"tokenizer": "tokenizer.json"})
    run("tokens", {"tokenizer": "tokenizer.json", **both}, {**packed, "sizes": "tokens/sizes.json"})
    run("train", {"tokens": packed["train"]}, {"checkpoints": checkpoints, "log": "training_log.parquet"})
    for checkpoint, score in zip(checkpoints, scores, strict=True):
        run("evaluate", {"checkpoint": checkpoint, "tokens": packed["validation"]}, {"score": score})
    tokens = {f"{part}_tokens": path for part, path in packed.items()}
    run("baselines", {**both, **tokens}, {"scores": "baselines.json"})
    run(
        "samples",
        {"checkpoint": checkpoints[-1], "tokenizer": "tokenizer.json"},
        {"samples": "samples.json", "page": "samples.html"},
    )
    read = {"scores": scores, "baselines": "baselines.json", "tokens": "tokens/sizes.json"}
    run(
        "curve",
        {**read, "log": "training_log.parquet"},
        {"figure": "curve.svg", "loss": "plots/loss.csv", "held_out": "plots/bits_per_byte.csv"},
    )
    run("summary", {**read, "corpus": "corpus/report.json"}, {"metrics": "metrics.json", "table": "results.csv"})


def file_bytes(directory: Path) -> dict[str, bytes]:
    """Every file under `directory` by its relative name."""
    return {str(p.relative_to(directory)): p.read_bytes() for p in sorted(directory.rglob("*")) if p.is_file()}


@pytest.fixture(scope="session")
def small_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first topics of the embedded corpus, in a file of its own."""
    lines = (ROOT / CORPUS).read_text(encoding="utf-8").splitlines(keepends=True)[:20]
    path = tmp_path_factory.mktemp("corpus") / "own.jsonl"
    path.write_text("".join(lines), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, small_corpus: Path) -> Path:
    """One tiny build, shared by the tests that only read it."""
    directory = tmp_path_factory.mktemp("built")
    build(directory, small_corpus, tiny_params())
    return directory


@pytest.fixture
def corpus_stage(tmp_path: Path) -> Callable[..., dict[str, Path]]:
    """Run the corpus stage on given files with changed corpus params; returns its outputs."""

    def run(*files: Path, **changes: Any) -> dict[str, Path]:
        params = tiny_params()
        params["k2"]["corpus"] |= changes
        outputs = {"train": "train.parquet", "validation": "validation.parquet", "report": "report.json"}
        written = {name: tmp_path / "out" / file for name, file in outputs.items()}
        run_stage("corpus", {"data": list(files)}, {name: [path] for name, path in written.items()}, params)
        return written

    return run
