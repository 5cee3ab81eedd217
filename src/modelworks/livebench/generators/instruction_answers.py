"""Answers that follow a set of instructions, or all of them but one."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from modelworks.livebench.generators import instruction_wording as ids

LETTER_WORDS = {
    "b": ("bubble", "rubber"), "c": ("circus", "concert"), "d": ("muddled", "saddled"), "f": ("fluffy", "puffin"),
    "g": ("giggle", "wiggling"), "h": ("hush", "health"), "j": ("jumping", "jolly"), "k": ("kiosk", "knick"),
    "l": ("lilac", "hollow"), "m": ("mammoth", "moment"), "p": ("pepper", "puppet"), "u": ("unusual", "usual"),
    "v": ("vivid", "velvet"), "w": ("window", "willow"), "y": ("yearly", "yesterday"), "z": ("puzzle", "drizzle"),
}  # fmt: skip
_SHORT = (
    "People talk about it.",
    "Time will tell.",
    "That is the news.",
    "Much is still open.",
    "Everyone has a view.",
    "It goes on.",
    "There is more to say.",
    "The talk continues.",
    "Some are glad.",
    "Others are not so sure.",
    "It may change.",
    "This was the start.",
)
_LONG = (
    "There were people in the streets who said that they had never seen anything like it in all their years.",
    "It is not the first time that the place is in the news and it will surely not be the last time either.",
    "Those who live there have learned to wait and to see what the next days and weeks will bring to them.",
    "What happens next is a question that the people of the area will have to answer for themselves in time.",
    "For many of them it was a day that began as all the others do and then turned out to be quite different.",
    "The story was told again and again until even those who were far away had heard about every part of it.",
)
_BULLETS = (
    "It is about a town and its people",
    "It happened not long ago",
    "There is more than one view of it",
    "The end of it is still open",
    "Those who were there will remember it",
    "It was in the news for days",
    "There are plans for the time after it",
)
_QUALITIES = ("rather new", "very clear", "quite simple", "hard to miss", "of great interest", "worth a thought")
_BLANKS = ("name", "address", "date", "number", "place", "reason")
_LOUD = ("VERY", "REALLY", "NEVER", "ALWAYS", "TRULY", "QUITE", "MOST")
_TITLES = ("News from a small town", "What happened there", "The talk of the town", "An open question")
_RICH = (word for pair in LETTER_WORDS.values() for word in pair)
FIXED = " ".join((*_SHORT, *_LONG, *_BULLETS, *_QUALITIES, *_BLANKS, *_LOUD, *_TITLES, *_RICH)) + (
    " Some have mentioned the. This part is indeed. Write to the for more. It is clear. In short, it matters. "
    "Remember the words and today. Thank you for reading. Response. Otherwise it was quiet at first."
)


@dataclass(frozen=True)
class Plan:
    """What an answer is made of: plain sentences, the instructions with their arguments, and how much of each."""

    plain: tuple[str, ...]
    arguments: Mapping[str, Mapping[str, Any]]
    amount: int
    start: int
    prompt: str = ""

    def some(self, texts: Sequence[str], count: int) -> list[str]:
        """`count` of the texts, beginning where the plan says, again from the first after the last."""
        return [texts[(self.start + index) % len(texts)] for index in range(count)]


def compose(plan: Plan, broken: str | None = None) -> str:
    """The answer; with `broken`, one that follows all instructions but that."""
    sentences = _sentences(plan, broken)
    text = _laid_out(plan, sentences, broken)
    asked = plan.arguments
    if ids.BULLETS in asked:
        points = plan.some(_BULLETS, asked[ids.BULLETS]["num_bullets"] + (broken == ids.BULLETS))
        text += "".join(f"\n* {point}." for point in points)
    if ids.POSTSCRIPT in asked and broken != ids.POSTSCRIPT:
        text += f"\n{asked[ids.POSTSCRIPT]['postscript_marker']} Thank you for reading."
    if ids.END in asked and broken != ids.END:
        text += f" {asked[ids.END]['end_phrase']}"
    if ids.UPPER in asked and broken != ids.UPPER:
        text = text.upper()
    if ids.LOWER in asked and broken != ids.LOWER:
        text = text.lower()
    if ids.QUOTATION in asked and broken != ids.QUOTATION:
        text = f'"{text}"'
    if ids.JSON in asked and broken != ids.JSON:
        text = json.dumps({"response": text}, ensure_ascii=False)
    if ids.REPEAT in asked and broken != ids.REPEAT:
        text = f"{asked[ids.REPEAT]['prompt_to_repeat'].strip()}\n{text}"
    return text


def _sentences(plan: Plan, broken: str | None) -> list[str]:
    """The plain sentences, then those that instructions ask for."""
    asked, found = plan.arguments, list(plan.plain)
    if ids.UPPER in asked or ids.LOWER in asked:
        found += plan.some(_LONG, 2)  # enough of it to tell the language
    if ids.EXISTENCE in asked:
        words = asked[ids.EXISTENCE]["keywords"]
        found += [f"Some have mentioned the {word}." for word in (words[:-1] if broken == ids.EXISTENCE else words)]
    if ids.FREQUENCY in asked:
        bound, keyword = asked[ids.FREQUENCY]["frequency"], asked[ids.FREQUENCY]["keyword"]
        is_least = asked[ids.FREQUENCY]["relation"] == "at least"
        times = bound - (broken == ids.FREQUENCY) if is_least else bound * (broken == ids.FREQUENCY)
        found += [f"Some have mentioned the {keyword}."] * times
    if broken == ids.FORBIDDEN:
        found += [f"Some have mentioned the {asked[ids.FORBIDDEN]['forbidden_words'][0]}."]
    for identifier, more in _counted(plan).items():
        is_least = asked[identifier][ids.COUNTED[identifier][0]] == "at least"
        if is_least != (broken == identifier):
            found += more
    if ids.HIGHLIGHTS in asked:
        qualities = plan.some(_QUALITIES, asked[ids.HIGHLIGHTS]["num_highlights"])
        marked = [f"*{quality}*" for quality in qualities]
        if broken == ids.HIGHLIGHTS:
            marked[-1] = qualities[-1]
        found += [f"This part is {one} indeed." for one in marked]
    if ids.PLACEHOLDERS in asked:
        blanks = plan.some(_BLANKS, asked[ids.PLACEHOLDERS]["num_placeholders"])
        bracketed = [f"[{blank}]" for blank in blanks]
        if broken == ids.PLACEHOLDERS:
            bracketed[-1] = f"the {blanks[-1]}"
        found += [f"Write to {one} for more." for one in bracketed]
    if broken == ids.NO_COMMA:
        found += ["In short, it matters."]
    return found


def _counted(plan: Plan) -> dict[str, list[str]]:
    """For each counted instruction the sentences that raise its count."""
    found = {}
    for identifier in plan.arguments:
        if identifier == ids.LETTER:
            words = LETTER_WORDS[plan.arguments[identifier]["letter"]]
            found[identifier] = [f"Remember the words {words[0]} and {words[1]} today."] * plan.amount
        elif identifier == ids.SENTENCES:
            found[identifier] = plan.some(_SHORT, 7 + plan.amount)
        elif identifier == ids.WORDS:
            found[identifier] = plan.some(_LONG, 2 + plan.amount)
        elif identifier == ids.CAPITALS:
            found[identifier] = [f"It is {word} clear." for word in plan.some(_LOUD, 2 + plan.amount)]
    return found


def _laid_out(plan: Plan, sentences: list[str], broken: str | None) -> str:
    asked, title = plan.arguments, ""
    if ids.TITLE in asked:
        name = plan.some(_TITLES, 1)[0]
        title = f"{name}\n" if broken == ids.TITLE else f"<<{name}>>\n"
    if ids.PARAGRAPHS in asked:
        count = asked[ids.PARAGRAPHS]["num_paragraphs"] + (1 if broken == ids.PARAGRAPHS else 0)
        return title + "\n***\n".join(_split(sentences, count))
    if ids.FIRST_WORD in asked:
        blocks = _split(sentences, asked[ids.FIRST_WORD]["num_paragraphs"])
        word = "Otherwise" if broken == ids.FIRST_WORD else asked[ids.FIRST_WORD]["first_word"].capitalize()
        place = asked[ids.FIRST_WORD]["nth_paragraph"] - 1
        blocks[place] = f"{word} it was quiet at first. {blocks[place]}"
        return title + "\n\n".join(blocks)
    if ids.SECTIONS in asked:
        count = asked[ids.SECTIONS]["num_sections"] - (1 if broken == ids.SECTIONS else 0)
        mark = asked[ids.SECTIONS]["section_spliter"]
        return title + "\n".join(f"{mark} {n}\n{block}" for n, block in enumerate(_split(sentences, count), 1))
    if ids.TWO in asked and broken != ids.TWO:
        return "\n******\n".join(title + " ".join(order) for order in (sentences, sentences[::-1]))
    return title + " ".join(sentences)


def _split(sentences: list[str], count: int) -> list[str]:
    """The sentences in `count` blocks of about the same size."""
    bounds = [len(sentences) * index // count for index in range(count + 1)]
    return [" ".join(sentences[low:high]) for low, high in pairwise(bounds)]
