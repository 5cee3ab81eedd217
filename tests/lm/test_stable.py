"""Claims about artifacts whose bytes depend on their content alone."""

import time
from pathlib import Path

import polars
import pytest

from modelworks.lm.stable import write_json, write_parquet


def test_a_table_written_twice_is_equal_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_parquet(tmp_path / f"{name}.parquet", polars.DataFrame({"x": [1.5, None], "y": ["ä", "b"]}))
        time.sleep(1.1)
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()


def test_json_refuses_what_json_cannot_hold(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"b": 1, "a": "ü"})
    assert (tmp_path / "a.json").read_text(encoding="utf-8") == '{\n  "b": 1,\n  "a": "ü"\n}\n'
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "a.json", {"b": float("nan")})
