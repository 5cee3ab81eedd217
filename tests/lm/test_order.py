"""Claims about the training sequence."""

import numpy
import polars
import pytest

from modelworks.lm.order import fill, plan, rows, spread


def index(sizes: dict[str, list[int]]) -> polars.DataFrame:
    """Documents of each source in one shard, with their lengths in tokens."""
    pairs = [(source, tokens) for source, lengths in sizes.items() for tokens in lengths]
    return polars.DataFrame(
        {
            "source": [source for source, _ in pairs],
            "tokens": [tokens for _, tokens in pairs],
            "shard": ["000"] * len(pairs),
            "document": list(range(len(pairs))),
        }
    )


LENGTHS = numpy.random.default_rng(1).integers(5, 400, 600)


@pytest.mark.parametrize("multiplier", [1, 2, 3, 6])
def test_a_document_of_multiplier_r_occurs_r_times_evenly_spread(multiplier: int) -> None:
    found = spread(LENGTHS, multiplier, 12, 5)
    assert numpy.array_equal(numpy.bincount(found.documents), numpy.full(len(LENGTHS), multiplier))
    for document in range(len(LENGTHS)):
        chunks = numpy.sort(found.chunks[found.documents == document])
        assert numpy.abs(numpy.diff(chunks) - 12 / multiplier).max(initial=0) <= 1
    assert found.chunks.min() == 0 and found.chunks.max() == 11


@pytest.mark.parametrize("multiplier", [0.25, 0.5, 1.5, 2.3])
def test_a_fraction_is_the_share_of_the_tokens_that_occurs_once_more(multiplier: float) -> None:
    found = spread(LENGTHS, multiplier, 12, 5)
    times = numpy.bincount(found.documents, minlength=len(LENGTHS))
    assert set(times.tolist()) == {int(multiplier), int(multiplier) + 1}
    assert (times * LENGTHS).sum() / LENGTHS.sum() == pytest.approx(multiplier, abs=0.01)


def test_every_chunk_has_about_the_same_mix() -> None:
    table = index({"a": LENGTHS.tolist(), "b": LENGTHS[::-1].tolist()})
    lengths = table["tokens"].to_numpy()
    chunks = plan(table, {"a": 3.0, "b": 0.5}, 10, 7)
    shares = [lengths[chunk[chunk < 600]].sum() / lengths[chunk].sum() for chunk in chunks]
    assert shares == pytest.approx([6 / 7] * 10, abs=0.03)
    assert [lengths[chunk].sum() for chunk in chunks] == pytest.approx([3.5 * LENGTHS.sum() / 10] * 10, rel=0.03)


def test_a_source_that_the_mix_leaves_out_does_not_occur_and_the_seed_decides_the_order() -> None:
    table = index({"a": [10] * 50, "b": [10] * 50})
    first, again, other = (plan(table, {"a": 1.0, "b": 0.0}, 4, seed) for seed in (1, 1, 2))
    assert sorted(numpy.concatenate(first).tolist()) == list(range(50))
    assert all(numpy.array_equal(one, two) for one, two in zip(first, again, strict=True))
    assert not all(numpy.array_equal(one, two) for one, two in zip(first, other, strict=True))


def test_the_rows_cover_the_chunk_token_by_token_overlap_by_one_and_are_shuffled() -> None:
    table = index({"a": LENGTHS[:40].tolist()})
    documents = numpy.random.default_rng(2).permutation(numpy.repeat(numpy.arange(40), 2))
    stream = [(int(d), place) for d in documents for place in range(LENGTHS[d])]
    context, count = 64, (len(stream) - 1) // 64
    pieces = rows(documents, table, count, context, [3])
    taken: list[list[tuple[int, int]]] = [[] for _ in range(count)]
    for row, start, _, document, begin, end, source in pieces.iter_rows():
        assert start == len(taken[row])
        assert source == "a"
        taken[row] += [(document, place) for place in range(begin, end)]
    cut = [stream[i * context : i * context + context + 1] for i in range(count)]
    assert taken != cut
    assert sorted(taken) == sorted(cut)


def test_the_rows_are_filled_with_the_tokens_of_their_pieces() -> None:
    table = index({"a": LENGTHS[:40].tolist()})
    pieces = rows(numpy.arange(40), table, 20, 32, [3])
    tokens = [numpy.arange(LENGTHS[document], dtype=numpy.uint16) + 500 * document for document in range(40)]
    filled = fill(pieces, {"000": tokens.__getitem__})
    assert filled.shape == (20, 33)
    stream = numpy.concatenate(tokens)
    starts = {int(row[0]): row for row in filled}
    for place in range(20):
        expected = stream[place * 32 : place * 32 + 33]
        assert numpy.array_equal(starts[int(expected[0])], expected)


def test_a_chunk_that_is_too_small_says_how_many_tokens_it_lacks() -> None:
    with pytest.raises(ValueError, match="30 tokens, 81 are needed"):
        rows(numpy.arange(3), index({"a": [10, 10, 10]}), 5, 16, [1])
