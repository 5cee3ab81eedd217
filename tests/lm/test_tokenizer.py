"""Claims about the tokenizer."""

from pathlib import Path

from modelworks.lm.tokenizer import END_OF_TEXT, END_OF_TEXT_ID, load, train

TEXT = "What is 47+85-6?\n<think>7+5=12,47+85=132;132-6=126</think>126 and 1999 or v3.11.7, x²=½\n  naïve 12 12 12 12"


def test_every_digit_is_a_token_of_its_own_however_often_a_number_occurs() -> None:
    tokenizer = train(["1999 1999 2024 12 12 12"] * 200 + [TEXT], 400, 2)
    for piece in tokenizer.encode(TEXT).tokens:
        assert not any(mark.isdigit() for mark in piece) or len(piece) == 1 or not piece.isascii()
    assert [tokenizer.decode([token]) for token in tokenizer.encode("126").ids] == ["1", "2", "6"]
    assert not [token for token in tokenizer.get_vocab() if len(token) > 1 and any(c in "0123456789" for c in token)]


def test_decoding_gives_back_every_text(tmp_path: Path) -> None:
    train([TEXT] * 3, 320, 2).save(str(tmp_path / "t.json"))
    tokenizer = load(tmp_path / "t.json")
    for text in (TEXT, "", " 1", "1 ", " 12  3\t4\n\n5", "٣४ 7", "\x00\x7f\u2028", f"{END_OF_TEXT}1", "🙂9🙂"):
        assert tokenizer.decode(tokenizer.encode(text, add_special_tokens=False).ids) == text
        assert END_OF_TEXT_ID not in tokenizer.encode(text, add_special_tokens=False).ids
    assert tokenizer.token_to_id(END_OF_TEXT) == END_OF_TEXT_ID


def test_the_order_of_the_texts_decides_nothing() -> None:
    texts = [f"the {number} cat sat on {'mat ' * (number % 5)}" for number in range(100)]
    assert train(texts, 400, 2).to_str() == train(texts[::-1], 400, 2).to_str()
