"""In which words a question must ask for each instruction, with which arguments: for the proof alone."""

from collections.abc import Mapping
from typing import Any

_WORDS: Mapping[str, str] = {
    "keywords:existence": "Include keywords {keywords} in the response.",
    "keywords:frequency": "In your response, the word {keyword} should appear {relation} {frequency} times.",
    "keywords:forbidden_words": "Do not include keywords {forbidden_words} in the response.",
    "keywords:letter_frequency": (
        "In your response, the letter {letter} should appear {let_relation} {let_frequency} times."
    ),
    "length_constraints:number_sentences": "Your response should contain {relation} {num_sentences} sentences.",
    "length_constraints:number_paragraphs": (
        "There should be {num_paragraphs} paragraphs. Paragraphs are separated with the markdown divider: ***"
    ),
    "length_constraints:number_words": "Answer with {relation} {num_words} words.",
    "length_constraints:nth_paragraph_first_word": (
        "There should be {num_paragraphs} paragraphs. Paragraphs and only paragraphs are separated with each other by "
        "two new lines as if it was '\\n\\n' in python. Paragraph {nth_paragraph} must start with word {first_word}."
    ),
    "detectable_content:number_placeholders": (
        "The response must contain at least {num_placeholders} placeholders represented by square brackets, such as "
        "[address]."
    ),
    "detectable_content:postscript": (
        "At the end of your response, please explicitly add a postscript starting with {postscript_marker}"
    ),
    "detectable_format:number_bullet_lists": (
        "Your answer must contain exactly {num_bullets} bullet points. Use the markdown bullet points such as:\n"
        "* This is point 1. \n* This is point 2"
    ),
    "detectable_format:number_highlighted_sections": (
        "Highlight at least {num_highlights} sections in your answer with markdown, i.e. *highlighted section*."
    ),
    "detectable_format:multiple_sections": (
        "Your response must have {num_sections} sections. Mark the beginning of each section with {section_spliter} X, "
        "such as:\n{section_spliter} 1\n[content of section 1]\n{section_spliter} 2\n[content of section 2]"
    ),
    "detectable_format:json_format": (
        "Entire output should be wrapped in JSON format. You can use markdown ticks such as ```."
    ),
    "detectable_format:title": (
        "Your answer must contain a title, wrapped in double angular brackets, such as <<poem of joy>>."
    ),
    "combination:two_responses": (
        "Give two different responses. Responses and only responses should be separated by 6 asterisk symbols: ******."
    ),
    "combination:repeat_prompt": (
        "First repeat the request word for word without change, then give your answer (1. do not say any words or "
        "characters before repeating the request; 2. the request you need to repeat does not include this sentence)"
    ),
    "startend:end_checker": (
        "Finish your response with this exact phrase {end_phrase}. No other words should follow this phrase."
    ),
    "startend:quotation": "Wrap your entire response with double quotation marks.",
    "change_case:capital_word_frequency": (
        "In your response, words with all capital letters should appear {capital_relation} {capital_frequency} times."
    ),
    "change_case:english_capital": "Your entire response should be in English, and in all capital letters.",
    "change_case:english_lowercase": (
        "Your entire response should be in English, and in all lowercase letters. No capital letters are allowed."
    ),
    "punctuation:no_comma": "In your entire response, refrain from the use of any commas.",
}


def sentence(identifier: str, asked: Mapping[str, Any]) -> str:
    """What the question must say. Raises LookupError if there are no such words or an argument is missing."""
    return _WORDS[identifier].format(**asked)
