"""Claims about reading corpora in each format, whole and in shares. No file is trusted."""

import json
import re
from pathlib import Path

import polars
import pytest

from modelworks.lm import formats
from modelworks.lm.sources import HubDataset, Numbered, Share, read_file, read_hub

ROWS = [{"name": "a", "body": "first\n\ntext"}, {"name": "b", "body": "zweiter Täxt"}]
PAIRS = [("a", "first\n\ntext"), ("b", "zweiter Täxt")]


def jsonl(path: Path) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
    return path


def parquet(path: Path) -> Path:
    polars.DataFrame(ROWS).write_parquet(path)
    return path


def pairs(documents: list[Numbered]) -> list[tuple[str, str]]:
    return [(document.name, document.text) for document in documents]


def many(folder: Path, rows: int) -> list[Path]:
    """The same rows as JSONL, as Parquet of one and of many row groups, and as a JSON array."""
    table = polars.DataFrame({"body": [f"text {row} " + "é" * (row % 700) for row in range(rows)]})
    table.write_ndjson(folder / "x.jsonl")
    table.write_parquet(folder / "x.parquet")
    table.write_parquet(folder / "y.parquet", row_group_size=50)
    (folder / "x.json").write_text(json.dumps(table.to_dicts()))
    return [folder / name for name in ("x.jsonl", "x.parquet", "y.parquet", "x.json")]


def test_every_format_of_rows_gives_the_same_documents(tmp_path: Path) -> None:
    array = tmp_path / "x.json"
    array.write_text(json.dumps(ROWS))
    lines = jsonl(tmp_path / "lines.json")
    for path in (jsonl(tmp_path / "x.jsonl"), parquet(tmp_path / "x.parquet"), array, lines):
        assert pairs(list(read_file(path, 0, "body", "name"))) == PAIRS


def test_a_text_file_is_one_document_kept_to_the_character(tmp_path: Path) -> None:
    path = tmp_path / "play.txt"
    text = "Act I\n\n  Hamlet: être\r\n\n\nAct II\n"
    path.write_bytes(text.encode())
    assert list(read_file(path, 0, "body", "name")) == [Numbered(0, "play.txt:0", text)]


def test_a_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    for name, content in (("x.txt", b"plain"), ("x.jsonl", b'{"text": "plain"}\n'), ("x.json", b'[{"text": "plain"}]')):
        path = tmp_path / name
        path.write_bytes(b"\xef\xbb\xbf" + content)
        assert [document.text for document in read_file(path, 0, "text", None)] == ["plain"]


def test_documents_without_an_id_are_called_by_file_and_row_and_blank_lines_count_as_rows(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text('{"body": "a"}\n\n  \n{"body": "b"}', encoding="utf-8")
    assert pairs(list(read_file(path, 0, "body", None))) == [("x.jsonl:0", "a"), ("x.jsonl:3", "b")]


def test_numbers_rise_with_the_place_of_the_file_and_the_row(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "x.jsonl")
    numbers = [document.number for place in (0, 1, 5) for document in read_file(path, place, "body", None)]
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize("count", [2, 3, 8])
def test_shares_are_disjoint_and_together_hold_every_row_with_its_number(tmp_path: Path, count: int) -> None:
    for path in many(tmp_path, 1000):
        whole = list(read_file(path, 3, "body", None))
        shares = [list(read_file(path, 3, "body", None, Share(index, count))) for index in range(count)]
        assert sorted((one for share in shares for one in share), key=lambda one: one.number) == whole
        assert len(whole) == 1000
        assert sum(map(bool, shares)) == count


@pytest.mark.parametrize("block", [1, 2, 7, 64, 1 << 16])
@pytest.mark.parametrize("end", ["", "\n"])
def test_lines_are_shared_alike_whatever_the_block(
    tmp_path: Path, block: int, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(formats, "_BLOCK", block)
    texts = ["", "x", "é" * 40, "y" * 7, "z" * 200]
    path = tmp_path / "x.jsonl"
    path.write_text("\n".join(["", *(json.dumps({"t": text}) for text in texts), ""]) + "\n" + '{"t": "e"}' + end)
    found = [one for index in range(3) for one in read_file(path, 0, "t", None, Share(index, 3))]
    expected = [*((f"x.jsonl:{row}", text) for row, text in enumerate(texts, start=1)), ("x.jsonl:7", "e")]
    assert pairs(sorted(found, key=lambda one: one.number)) == expected


def test_a_data_set_is_streamed_and_shared_file_by_file_or_row_by_row(tmp_path: Path) -> None:
    for index in range(3):
        rows = [{"name": f"{index}-{row}", "body": f"text {index} {row}"} for row in range(5)]
        (tmp_path / f"train-{index}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    dataset = HubDataset(str(tmp_path), None, None, "train")
    whole = list(read_hub(dataset, 2, "body", "name"))
    assert len(whole) == 15
    assert whole == sorted(whole, key=lambda one: one.number)
    for count in (2, 3, 4, 8):
        shares = [list(read_hub(dataset, 2, "body", "name", Share(index, count))) for index in range(count)]
        assert sorted((one for share in shares for one in share), key=lambda one: one.number) == whole
        assert sum(map(bool, shares)) >= min(count, 3)


def test_a_data_set_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"nowhere: cannot be loaded: "):
        list(read_hub(HubDataset(str(tmp_path / "nowhere"), None, None, "train"), 0, "body", None))
    (tmp_path / "train.jsonl").write_text('{"body": "a"}\n{"body": "b"\n')
    with pytest.raises(ValueError, match=rf"{re.escape(str(tmp_path))}: cannot be (read|loaded): "):
        list(read_hub(HubDataset(str(tmp_path), None, None, "train"), 0, "body", None))


BROKEN = {
    "no such column": (b'{"body": "a"}\n', r"row 0: no column 'text'; it has 'body'"),
    "null": (b'{"text": "a"}\n{"text": null}\n', r"row 1: column 'text' holds NoneType, not text"),
    "a number": (b'{"text": "a"}\n\n{"text": 5}\n', r"row 2: column 'text' holds int, not text"),
    "a list": (b"[1]\n", r"row 0: holds list, not an object with columns"),
    "half a line": (b'{"text": "a"}\n{"text": "b"\n', r"row 1: cannot be read as JSON: .*delimiter"),
    "not UTF-8": (b'{"text": "a\xff"}\n', r"row 0: byte 11 is not UTF-8"),
    "half a surrogate": (b'{"text": "a\\ud800"}\n', r"row 0: column 'text' holds half a character .* at place 1"),
    "deep": (b"[" * 100_000 + b"\n", r"row 0: cannot be read as JSON: .*recursion"),
    "many digits": (b'{"text": ' + b"9" * 5000 + b"}\n", r"row 0: cannot be read as JSON: .*digits"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_line_is_named_with_its_row_and_column(tmp_path: Path, name: str) -> None:
    content, message = BROKEN[name]
    path = tmp_path / "x.jsonl"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"x\.jsonl: " + message):
        list(read_file(path, 0, "text", None))


def test_a_broken_id_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text('{"id": 7, "text": "a"}\n{"id": null, "text": "a"}\n')
    rows = read_file(path, 0, "text", "id")
    assert next(rows).name == "7"
    with pytest.raises(ValueError, match=r"x\.jsonl: row 1: column 'id' holds NoneType, not a name"):
        next(rows)


def test_a_broken_array_and_a_broken_text_file_are_named(tmp_path: Path) -> None:
    array, text = tmp_path / "x.json", tmp_path / "x.txt"
    array.write_text('[{"text": "a"}, 5]')
    text.write_bytes(b"ab\xff")
    with pytest.raises(ValueError, match=r"x\.json: row 1: holds int"):
        list(read_file(array, 0, "text", None))
    with pytest.raises(ValueError, match=r"x\.txt: byte 2 is not UTF-8"):
        list(read_file(text, 0, "text", None))


def test_a_broken_parquet_file_is_named(tmp_path: Path) -> None:
    path = parquet(tmp_path / "x.parquet")
    with pytest.raises(ValueError, match=r"x\.parquet: no column 'text'; it has 'name', 'body'"):
        list(read_file(path, 0, "text", None))
    polars.DataFrame({"text": ["a", None]}).write_parquet(path)
    with pytest.raises(ValueError, match=r"x\.parquet: row 1: column 'text' holds NoneType, not text"):
        list(read_file(path, 0, "text", None))
    polars.DataFrame({"text": [b"a"]}).write_parquet(path)
    with pytest.raises(ValueError, match=r"x\.parquet: row 0: column 'text' holds bytes, not text"):
        list(read_file(path, 0, "text", None))
    whole = parquet(path).read_bytes()
    for cut in (0, 3, len(whole) // 2):
        path.write_bytes(whole[:cut])
        with pytest.raises(ValueError, match=r"x\.parquet: cannot be read as Parquet: "):
            list(read_file(path, 0, "body", None))


def test_an_unknown_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"x\.pdf: unknown format '\.pdf'; known are \.json, \.jsonl, \.md"):
        list(read_file(tmp_path / "x.pdf", 0, "text", None))
