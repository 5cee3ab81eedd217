"""Writers whose bytes depend on nothing but the content: no time, host, path or hash order."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars


def write_json(path: Path, content: Mapping[str, Any] | Sequence[Any]) -> None:
    """Indented JSON in the order of `content`. Raises ValueError on NaN and infinity, which JSON cannot hold."""
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


def write_parquet(path: Path, table: polars.DataFrame) -> None:
    """Zstandard Parquet, one row group for each 65,536 rows, as one thread writes it."""
    table.write_parquet(path, compression="zstd", compression_level=3, row_group_size=65_536, statistics=True)


def write_csv(path: Path, table: polars.DataFrame) -> None:
    """CSV with a header line and `\\n` line ends; floats in their shortest exact form."""
    table.write_csv(path)
