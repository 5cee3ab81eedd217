"""Claims about artifacts whose bytes depend on their content alone."""

import time
from pathlib import Path

import polars
import pytest
from modelworks.lm.curve import Curve, _apart, _smooth, draw

from modelworks.lm.stable import write_json, write_parquet

CURVE = Curve(
    train=([100, 200, 300], [4.0, 3.0, 2.5]),
    held_out=([150, 300], [3.5, 2.75]),
    baselines={"zlib": 2.6, "lzma_primed": 1.9},
    held_out_name="validation",
)


def test_a_figure_and_a_table_written_twice_are_equal_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        draw(CURVE, tmp_path / f"{name}.svg")
        write_parquet(tmp_path / f"{name}.parquet", polars.DataFrame({"x": [1.5, None], "y": ["ä", "b"]}))
        time.sleep(1.1)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()


def test_a_figure_holds_no_date_and_no_font_of_the_machine(tmp_path: Path) -> None:
    draw(CURVE, tmp_path / "a.svg")
    svg = (tmp_path / "a.svg").read_text(encoding="utf-8")
    assert "<dc:date>" not in svg
    assert "<text" not in svg
    assert "DejaVuSans-" in svg


def test_json_refuses_what_json_cannot_hold(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"b": 1, "a": "ü"})
    assert (tmp_path / "a.json").read_text(encoding="utf-8") == '{\n  "b": 1,\n  "a": "ü"\n}\n'
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "a.json", {"b": float("nan")})


def test_the_running_mean_is_centred_and_labels_keep_apart() -> None:
    assert _smooth([float(value) for value in range(200)])[2:-2] == pytest.approx(range(2, 198))
    assert all(3.0 <= value <= 6.0 for value in _smooth([0.0, 9.0] * 100))
    assert _apart([1.0, 1.1, 3.0], 0.5) == [1.0, 1.5, 3.0]
