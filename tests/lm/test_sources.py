"""Claims about reading corpora in each format."""

import json
from pathlib import Path

import polars
import pytest

from modelworks.lm.sources import Document, HubDataset, read_files, read_hub

ROWS = [{"name": "a", "body": "first\n\ntext"}, {"name": "b", "body": "zweiter Täxt"}]
EXPECTED = [Document("a", "first\n\ntext"), Document("b", "zweiter Täxt")]


def jsonl(path: Path) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
    return path


def parquet(path: Path) -> Path:
    polars.DataFrame(ROWS).write_parquet(path)
    return path


def test_a_jsonl_and_a_parquet_file_give_the_same_documents(tmp_path: Path) -> None:
    assert read_files([jsonl(tmp_path / "x.jsonl")], "body", "name") == EXPECTED
    assert read_files([parquet(tmp_path / "x.parquet")], "body", "name") == EXPECTED


def test_a_text_file_is_one_document_kept_to_the_character(tmp_path: Path) -> None:
    path = tmp_path / "play.txt"
    text = "Act I\n\n  Hamlet: être\n\n\nAct II\n"
    path.write_text(text, encoding="utf-8")
    assert read_files([path], "text", None) == [Document("play.txt:0", text)]


def test_files_of_different_formats_are_read_in_the_order_given(tmp_path: Path) -> None:
    text = tmp_path / "n.txt"
    text.write_text("plain", encoding="utf-8")
    documents = read_files([jsonl(tmp_path / "x.jsonl"), text, parquet(tmp_path / "y.parquet")], "body", None)
    assert [document.id for document in documents] == [
        "x.jsonl:0",
        "x.jsonl:1",
        "n.txt:0",
        "y.parquet:0",
        "y.parquet:1",
    ]


def test_a_local_directory_is_read_by_the_code_that_reads_the_hub(tmp_path: Path) -> None:
    jsonl(tmp_path / "train.jsonl")
    assert read_hub(HubDataset(str(tmp_path), None, None, "train"), "body", "name") == EXPECTED


def test_a_missing_column_is_named_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"x\.jsonl: no column 'text'; it has 'name', 'body'"):
        read_files([jsonl(tmp_path / "x.jsonl")], "text", None)


def test_a_row_without_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text('{"body": "a"}\n{"body": null}\n', encoding="utf-8")
    with pytest.raises(ValueError, match=r"x\.jsonl: row 1: column 'body' holds NoneType, not text"):
        read_files([path], "body", None)


def test_an_unknown_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"x\.pdf: unknown format '\.pdf'; known are \.json, \.jsonl, \.md"):
        read_files([tmp_path / "x.pdf"], "text", None)


def test_a_broken_line_is_an_error_that_names_the_file_and_the_reason(tmp_path: Path) -> None:
    path = tmp_path / "broken.jsonl"
    path.write_text('{"text": "a"}\n{"text": "b"\n')
    with pytest.raises(ValueError, match=r"broken\.jsonl: cannot be read as json: .*JSON"):
        read_files([path], "text", None)
