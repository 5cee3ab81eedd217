"""Claims about the tokenizer and about packing."""

from pathlib import Path

import numpy
import pytest
from safetensors.numpy import save_file

from modelworks.lm import packing
from modelworks.lm.tokenizer import END_OF_TEXT, END_OF_TEXT_ID, load, train

TEXTS = ["the cat and the hat\n\n  the end", "a café costs 3 € — 日本語"] * 5


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    train(TEXTS, vocab_size=300, min_frequency=2).save(str(tmp_path / "tokenizer.json"))
    return tmp_path / "tokenizer.json"


def test_every_byte_of_every_text_comes_back(saved: Path) -> None:
    tokenizer = load(saved)
    characters = "".join(chr(code) for code in (*range(0x3000), 0xFFFD, 0xFFFF, 0x1F600, 0x10FFFF))
    for text in (characters, "\x00\r\n\t  x", " leading", END_OF_TEXT, f"a{END_OF_TEXT}b", "never seen: ЖЖЖ"):
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        assert tokenizer.decode(ids, skip_special_tokens=False).encode() == text.encode()


def test_the_control_token_written_in_a_text_is_plain_characters(saved: Path) -> None:
    tokenizer = load(saved)
    assert tokenizer.token_to_id(END_OF_TEXT) == END_OF_TEXT_ID
    assert END_OF_TEXT_ID not in tokenizer.encode(f"a{END_OF_TEXT}b").ids


def test_two_trainings_give_the_same_file(saved: Path, tmp_path: Path) -> None:
    train(TEXTS, vocab_size=300, min_frequency=2).save(str(tmp_path / "again.json"))
    assert (tmp_path / "again.json").read_bytes() == saved.read_bytes()
    assert 257 < load(saved).get_vocab_size() <= 300


@pytest.mark.parametrize("documents", [[], [[5, 6, 7]], [[1], [], [2, 3, 4], [9] * 1000]])
@pytest.mark.parametrize("vocab_size", [1 << 16, 1 << 17])
def test_a_shard_is_the_file_that_safetensors_writes(
    tmp_path: Path, documents: list[list[int]], vocab_size: int
) -> None:
    lengths = packing.write_shard(tmp_path / "streamed", iter(documents), END_OF_TEXT_ID, vocab_size)
    kind = packing.token_type(vocab_size)
    tokens = numpy.asarray([token for one in documents for token in (END_OF_TEXT_ID, *one)], dtype=kind)
    starts = numpy.concatenate([[0], numpy.cumsum([len(one) + 1 for one in documents])]).astype(numpy.int64)
    save_file({"tokens": tokens, "starts": starts}, tmp_path / "whole")
    assert (tmp_path / "streamed").read_bytes() == (tmp_path / "whole").read_bytes()
    assert lengths.tolist() == [len(one) + 1 for one in documents]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["streamed", "whole"]


@pytest.mark.parametrize(("vocab_size", "kind"), [(1 << 16, numpy.uint16), ((1 << 16) + 1, numpy.uint32)])
def test_packing_keeps_every_token_and_gives_the_documents_back(vocab_size: int, kind: type, tmp_path: Path) -> None:
    documents = [[5, 6, 7], [], [8], list(range(1, 50))]
    lengths = packing.write_shard(tmp_path / "x.safetensors", documents, 0, vocab_size)
    shard = packing.load_shard(tmp_path / "x.safetensors")
    assert [document[1:].tolist() for document in shard.documents()] == documents
    assert [int(document[0]) for document in shard.documents()] == [0] * len(shard) == [0] * 4
    assert lengths.tolist() == [4, 1, 2, 50]
    assert shard.tokens.dtype == kind
    assert isinstance(shard.tokens, numpy.memmap)


def test_an_empty_shard_and_the_rows_of_a_chunk_come_back(tmp_path: Path) -> None:
    packing.write_shard(tmp_path / "empty.safetensors", [], 0, 300)
    assert len(packing.load_shard(tmp_path / "empty.safetensors")) == 0
    rows = numpy.arange(12, dtype=numpy.uint16).reshape(3, 4)
    packing.write_rows(tmp_path / "rows.safetensors", rows)
    assert numpy.array_equal(packing.load_rows(tmp_path / "rows.safetensors"), rows)


@pytest.mark.parametrize(
    "content", [b"", b"12345678", b"\xff" * 8, b"\x02" + b"\0" * 7 + b"[]", b"\x09" + b"\0" * 7 + b'{"a": 1} ']
)
def test_what_is_no_safetensors_file_is_named(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.safetensors").write_bytes(content)
    with pytest.raises(ValueError, match=r"x\.safetensors: no readable safetensors file"):
        packing.load_shard(tmp_path / "x.safetensors")
