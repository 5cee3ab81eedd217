"""The word material of the generated questions: lists and grammars written for this package, in `words/`."""

import functools
from pathlib import Path
from typing import Any

import yaml


@functools.cache
def words(name: str) -> Any:
    """The content of `words/<name>.yaml`. It is shared: do not change it."""
    return yaml.load(
        (Path(__file__).parent / "words" / f"{name}.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader
    )
