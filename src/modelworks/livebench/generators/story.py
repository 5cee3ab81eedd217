"""The form of a story that articles tell."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Story:
    """`slots`: one sentence of each makes the article. `plain`: one of each, without commas, tells it simply."""

    slots: tuple[tuple[str, ...], ...]
    plain: tuple[tuple[str, ...], ...]
