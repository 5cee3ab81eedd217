"""What a family of spatial questions gives."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Item:
    """`options` are the answers that a guesser may think possible; `names` are masked in templates."""

    text: str
    answer: str
    options: list[str]
    names: tuple[str, ...] = ()


def numbered(text: str, answer: int, most: int) -> Item:
    """An item whose answer is a number from 0 to `most`."""
    return Item(text, str(answer), [str(number) for number in range(most + 1)])
