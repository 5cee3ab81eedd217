"""The instructions of IFEval: how a question says each, as the original does, and which cannot hold together."""

from collections.abc import Callable, Mapping
from typing import Any

EXISTENCE = "keywords:existence"
FREQUENCY = "keywords:frequency"
FORBIDDEN = "keywords:forbidden_words"
LETTER = "keywords:letter_frequency"
SENTENCES = "length_constraints:number_sentences"
PARAGRAPHS = "length_constraints:number_paragraphs"
WORDS = "length_constraints:number_words"
FIRST_WORD = "length_constraints:nth_paragraph_first_word"
PLACEHOLDERS = "detectable_content:number_placeholders"
POSTSCRIPT = "detectable_content:postscript"
BULLETS = "detectable_format:number_bullet_lists"
HIGHLIGHTS = "detectable_format:number_highlighted_sections"
SECTIONS = "detectable_format:multiple_sections"
JSON = "detectable_format:json_format"
TITLE = "detectable_format:title"
TWO = "combination:two_responses"
REPEAT = "combination:repeat_prompt"
END = "startend:end_checker"
QUOTATION = "startend:quotation"
CAPITALS = "change_case:capital_word_frequency"
UPPER = "change_case:english_capital"
LOWER = "change_case:english_lowercase"
NO_COMMA = "punctuation:no_comma"

ALL = (
    *(EXISTENCE, FREQUENCY, FORBIDDEN, LETTER, SENTENCES, PARAGRAPHS, WORDS, FIRST_WORD, PLACEHOLDERS, POSTSCRIPT),
    *(BULLETS, HIGHLIGHTS, SECTIONS, JSON, TITLE, TWO, REPEAT, END, QUOTATION, CAPITALS, UPPER, LOWER, NO_COMMA),
)
COUNTED = {  # the arguments that hold the relation and the bound
    LETTER: ("let_relation", "let_frequency"),
    SENTENCES: ("relation", "num_sentences"),
    WORDS: ("relation", "num_words"),
    CAPITALS: ("capital_relation", "capital_frequency"),
}
_SAID: Mapping[str, str] = {
    EXISTENCE: "Include keywords {keywords} in the response.",
    FREQUENCY: "In your response, the word {keyword} should appear {relation} {frequency} times.",
    FORBIDDEN: "Do not include keywords {forbidden_words} in the response.",
    LETTER: "In your response, the letter {letter} should appear {let_relation} {let_frequency} times.",
    SENTENCES: "Your response should contain {relation} {num_sentences} sentences.",
    PARAGRAPHS: "There should be {num_paragraphs} paragraphs. Paragraphs are separated with the markdown divider: ***",
    WORDS: "Answer with {relation} {num_words} words.",
    FIRST_WORD: (
        "There should be {num_paragraphs} paragraphs. Paragraphs and only paragraphs are separated with each other by "
        "two new lines as if it was '\\n\\n' in python. Paragraph {nth_paragraph} must start with word {first_word}."
    ),
    PLACEHOLDERS: (
        "The response must contain at least {num_placeholders} placeholders represented by square brackets, such as "
        "[address]."
    ),
    POSTSCRIPT: "At the end of your response, please explicitly add a postscript starting with {postscript_marker}",
    BULLETS: (
        "Your answer must contain exactly {num_bullets} bullet points. Use the markdown bullet points such as:\n"
        "* This is point 1. \n* This is point 2"
    ),
    HIGHLIGHTS: (
        "Highlight at least {num_highlights} sections in your answer with markdown, i.e. *highlighted section*."
    ),
    SECTIONS: (
        "Your response must have {num_sections} sections. Mark the beginning of each section with {section_spliter} X, "
        "such as:\n{section_spliter} 1\n[content of section 1]\n{section_spliter} 2\n[content of section 2]"
    ),
    JSON: "Entire output should be wrapped in JSON format. You can use markdown ticks such as ```.",
    TITLE: "Your answer must contain a title, wrapped in double angular brackets, such as <<poem of joy>>.",
    TWO: (
        "Give two different responses. Responses and only responses should be separated by 6 asterisk symbols: ******."
    ),
    REPEAT: (
        "First repeat the request word for word without change, then give your answer (1. do not say any words or "
        "characters before repeating the request; 2. the request you need to repeat does not include this sentence)"
    ),
    END: "Finish your response with this exact phrase {end_phrase}. No other words should follow this phrase.",
    QUOTATION: "Wrap your entire response with double quotation marks.",
    CAPITALS: (
        "In your response, words with all capital letters should appear {capital_relation} {capital_frequency} times."
    ),
    UPPER: "Your entire response should be in English, and in all capital letters.",
    LOWER: "Your entire response should be in English, and in all lowercase letters. No capital letters are allowed.",
    NO_COMMA: "In your entire response, refrain from the use of any commas.",
}
_ONLY: Mapping[str, frozenset[str]] = {  # what an instruction can stand beside, if that is little
    JSON: frozenset({EXISTENCE, FREQUENCY, FORBIDDEN, LETTER, WORDS, NO_COMMA}),
    TWO: frozenset({EXISTENCE, FORBIDDEN, NO_COMMA, TITLE, UPPER, LOWER}),
    REPEAT: frozenset({END}),
}
_NEVER: Mapping[str, frozenset[str]] = {
    PARAGRAPHS: frozenset({FIRST_WORD, SECTIONS, BULLETS, HIGHLIGHTS}),
    FIRST_WORD: frozenset({SECTIONS, BULLETS, HIGHLIGHTS, TITLE}),
    BULLETS: frozenset({HIGHLIGHTS}),
    UPPER: frozenset({LOWER, CAPITALS, END, SECTIONS}),
    LOWER: frozenset({CAPITALS, END, SECTIONS, POSTSCRIPT, SENTENCES}),
    QUOTATION: frozenset({TITLE, END, UPPER, LOWER, SECTIONS, BULLETS}),
    POSTSCRIPT: frozenset({CAPITALS, SENTENCES, QUOTATION}),
}


def can_join(one: str, other: str) -> bool:
    """Whether one answer can follow both instructions, and break either alone."""
    for first, second in ((one, other), (other, one)):
        if second in _NEVER.get(first, ()) or (first in _ONLY and second not in _ONLY[first]):
            return False
    return one != other


def said(identifier: str, arguments: Mapping[str, Any]) -> str:
    """The instruction in words."""
    return _SAID[identifier].format(**arguments)


def masked(identifier: str, arguments: Mapping[str, Any], mask: Callable[[Any], Any]) -> str:
    """The instruction in words, with masked arguments."""
    return _SAID[identifier].format(**{name: mask(value) for name, value in arguments.items()})
