"""Put a whole pretraining run into one folder that can be published, used and checked without this project."""

import json
import shutil
from pathlib import Path
from typing import Any

from modelworks.k2.card import Facts, card
from modelworks.lm.bundle import TIMESTAMP, seal
from modelworks.lm.stable import write_json
from modelworks.lm.tokenizer import END_OF_TEXT
from modelworks.stage import Stage

MODEL = "model"
# What only training needs: of the last checkpoint alone.
_STATE = ("optimizer", "random")
# Input -> the folder of its files; a file keeps its name.
_FOLDERS = {
    "tokenizer": MODEL,
    "order": "order",
    "order_summary": "order",
    "documents": "order/documents",
    "log": "logs",
    "metrics": "evaluation",
    "longitudinal": "evaluation",
    "baselines": "evaluation",
    "pages": "evaluation",
    "galleries": "evaluation/gallery",
    "report": "corpus",
    "overlap": "corpus",
    "statistics": "corpus",
    "fingerprints": "code",
}


def main(stage: Stage) -> None:
    """Inputs: checkpoints (folders, in the order trained) and those of `_FOLDERS`. Output: bundle (a folder).

    The last checkpoint becomes `model/`, complete; the others `checkpoints/NAME/`, without the optimizer. Raises
    ValueError if two inputs would become one file.
    """
    bundle = stage.output("bundle")
    bundle.mkdir()
    *earlier, last = stage.inputs["checkpoints"]
    for checkpoint in earlier:
        _copy(checkpoint, bundle / "checkpoints" / checkpoint.name, (TIMESTAMP, *_STATE))
    _copy(last, bundle / MODEL, (TIMESTAMP,))
    for name, folder in _FOLDERS.items():
        for path in stage.inputs[name]:
            _add(path, bundle / folder / path.name)
    k2 = stage.params["k2"]
    write_json(bundle / MODEL / "tokenizer_config.json", _tokenizer_config(k2["model"]["max_position_embeddings"]))
    write_json(bundle / "params.json", stage.params)
    (bundle / "README.md").write_text(card(_facts(stage, last)), encoding="utf-8", newline="\n")
    manifest = seal(bundle, "k2")
    stage.say(f"{len(manifest.files)} files, {sum(file.size for file in manifest.files):,} bytes, root {manifest.root}")


def _facts(stage: Stage, last: Path) -> Facts:
    progress = _read(last / "progress.json")
    return Facts(
        params=stage.params,
        last=last.name,
        checkpoints=len(stage.inputs["checkpoints"]),
        steps=progress["step"],
        training_tokens=progress["training_tokens"],
        order_tokens=_read(stage.input("order_summary"))["tokens"],
        statistics=stage.input("statistics"),
        overlap=_read(stage.input("overlap")),
        longitudinal=stage.input("longitudinal"),
        baselines=_read(stage.input("baselines")),
    )


def _add(source: Path, target: Path) -> None:
    if target.exists():
        raise ValueError(f"{source}: a file of the release is called {target.parent.name}/{target.name} already")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _copy(folder: Path, target: Path, left_out: tuple[str, ...]) -> None:
    """Copy a folder without the files whose names begin with one of `left_out`."""

    def ignored(_: str, names: list[str]) -> list[str]:
        return [name for name in names if name.startswith(left_out)]

    shutil.copytree(folder, target, copy_function=shutil.copyfile, ignore=ignored)


def _tokenizer_config(context: int) -> dict[str, Any]:
    """What `AutoTokenizer` needs; the end-of-text token written in a text stays text, as in training."""
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": END_OF_TEXT,
        "eos_token": END_OF_TEXT,
        "pad_token": END_OF_TEXT,
        "unk_token": None,
        "split_special_tokens": True,
        "clean_up_tokenization_spaces": False,
        "model_max_length": context,
    }


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
