"""Claims about the table of word runs."""

import random
from pathlib import Path

import numpy
import pytest

from modelworks.lm import grams
from modelworks.lm.grams import known, read_table, write_table

WORDS = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]


def runs(text: str, words: int) -> list[tuple[str, ...]]:
    found = text.lower().split()
    return [tuple(found[start : start + words]) for start in range(len(found) - words + 1)]


@pytest.mark.parametrize("block", [1 << 21, 37, 1])
def test_a_run_is_known_exactly_if_it_is_in_the_text(
    tmp_path: Path, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grams, "_BLOCK", block)
    generator = random.Random(1)
    train = [" ".join(generator.choices(WORDS, k=generator.randint(0, 60))) for _ in range(20)]
    path = tmp_path / "table.u64"
    written = write_table(path, (grams.grams(text, 3) for text in train))
    table = read_table(path)
    everything = {run for text in train for run in runs(text, 3)}
    assert written == len(table) == len(everything)
    assert (numpy.diff(table.astype(object)) > 0).all()
    other = " ".join(generator.choices(WORDS, k=500))
    assert known(table, grams.grams(other, 3)).tolist() == [run in everything for run in runs(other, 3)]
    assert 0 < known(table, grams.grams(other, 3)).mean() < 1


def test_order_and_repeats_make_another_run_but_case_and_space_do_not() -> None:
    base = grams.grams("a b c", 3)[0]
    assert grams.grams(" A\n\tb  C ", 3)[0] == base
    for other in ("a c b", "c b a", "a a c", "ab c d", "a bc d"):
        assert grams.grams(other, 3)[0] != base
    assert len(grams.grams("a b", 3)) == 0


def test_an_empty_training_text_knows_nothing(tmp_path: Path) -> None:
    path = tmp_path / "table.u64"
    assert write_table(path, []) == 0
    assert known(read_table(path), grams.grams("a b c", 2)).tolist() == [False, False]


def test_a_table_that_was_cut_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "table.u64"
    path.write_bytes(b"\0" * 12)
    with pytest.raises(ValueError, match=r"table\.u64: 12 bytes are no table of 64-bit hashes: build it anew"):
        read_table(path)
