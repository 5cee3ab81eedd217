"""Claims about the tokenizer and about packing."""

from pathlib import Path

import numpy
import pytest

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


def test_packing_keeps_every_token_and_gives_the_documents_back(tmp_path: Path) -> None:
    documents = [[5, 6, 7], [], [8], list(range(1, 50))]
    packed = packing.pack(documents, [3, 0, 1, 49], end_of_text=0)
    packing.save(packed, tmp_path / "x.safetensors")
    again = packing.load(tmp_path / "x.safetensors")
    assert [document[1:-1].tolist() for document in again.documents()] == documents
    assert all(document[0] == document[-1] == 0 for document in again.documents())
    assert again.tokens.tolist() == [token for document in documents for token in (0, *document)] + [0]
    assert again.size == 53


@pytest.mark.parametrize("length", [10, 64, 65, 1000])
def test_each_epoch_has_every_token_as_a_target_and_cuts_the_stream_elsewhere(length: int) -> None:
    stream = numpy.arange(length, dtype=numpy.int32)
    rows = packing.epoch_rows(stream, 8, seed=3)
    assert rows.shape == (-(-length // 8), 9)
    targets = numpy.bincount(rows[:, 1:].ravel(), minlength=length)
    assert targets.min() == 1
    assert targets.sum() - length < 8
    assert ((rows[:, 1:] - rows[:, :-1]) % length == 1).all()
    assert (rows == packing.epoch_rows(stream, 8, seed=3)).all()
    assert not (rows == packing.epoch_rows(stream, 8, seed=4)).all()
