"""Claims about the questions and the cloze items that are made from reference text."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from modelworks.lm.cloze_items import Item, cloze
from modelworks.lm.prose import blocks, normalised, rows, rules, sentences, sessions
from modelworks.lm.questions import Pair, pairs

REFERENCE = Path(__file__).parents[2] / "data/python_reference.jsonl"

TEXT = """\
The "hop" statement
*******************

   hop_stmt ::= "hop" expression
                ["to" expression]

"hop" may only occur in a burrow.

The "hop" statement moves a rabbit, e.g. Flopsy, to a burrow.  A
*burrow* is called a *warren* when it is shared.  If there is no
burrow, a "ValueError" is raised.

New in version 3.1.

rabbit.dig(depth, wide=False)

   Return the burrow that was dug, which has the given *depth* at
   its deepest end.

   Changed in version 3.7: The *wide* argument.

   >>> dig(2)
   >>> depth = 2
   >>> depth
   2

object.__hop__(self)

   Called when the rabbit is frightened by something that it has
   not seen before.

+-----------+---------------+
| Operation | Result        |
|===========|===============|
| "r + r"   | more rabbits  |
+-----------+---------------+
| "r - r"   | a rabbit that |
|           | hides         |
+-----------+---------------+

Burrows ("warren")
   Burrows are where rabbits live.
"""


def asked(text: str = TEXT, most: int = 100, seed: int = 1) -> list[Pair]:
    return pairs([text], most, seed)


class Document(NamedTuple):
    id: str
    text: str


def reference() -> Iterator[Document]:
    for line in REFERENCE.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        yield Document(row["id"], row["text"])


def answers(kind: str) -> list[str]:
    return [pair.answer for pair in asked() if pair.kind == kind]


def test_each_kind_of_thing_in_a_text_is_asked_for() -> None:
    assert answers("statement") == ['The "hop" statement moves a rabbit, e.g. Flopsy, to a burrow.']
    assert answers("grammar") == ['"hop" expression ["to" expression]']
    assert answers("rule") == ["hop_stmt"]
    assert answers("term") == ["A *burrow* is called a *warren* when it is shared."]
    assert answers("raised") == ['If there is no burrow, a "ValueError" is raised.']
    assert answers("since") == ["3.1"]
    assert answers("signature") == ["rabbit.dig(depth, wide=False)", "object.__hop__(self)"]
    assert answers("returns") == ["Return the burrow that was dug, which has the given *depth* at its deepest end."]
    assert answers("changed") == ["The *wide* argument."]
    assert answers("session") == ["2"]
    assert answers("called") == ["Called when the rabbit is frightened by something that it has not seen before."]
    assert answers("cell") == ["more rabbits"]
    assert answers("function") == ["Burrows are where rabbits live."]
    assert set(answers("described")) == {"rabbit.dig", "object.__hop__"}
    assert answers("blank") == ["hop", "ValueError"]


def test_a_question_names_its_subject_without_quotation_marks_and_the_answer_follows() -> None:
    text = next(pair.text for pair in asked() if pair.kind == "statement")
    assert re.fullmatch(r'Question: [^"\n]*the hop statement[^"\n]*\nAnswer: The "hop" statement moves .*\.', text)


def test_the_reference_gives_over_a_thousand_questions_whose_answers_are_in_their_documents() -> None:
    found = 0
    for document in reference():
        words = normalised(document.text)
        own = pairs([document.text], 60, seed=3)
        assert len(own) <= 60
        assert len({pair.question for pair in own}) == len(own)
        for pair in own:
            assert pair.answer.strip() and normalised(pair.answer) in words, pair
        found += len(own)
    assert found >= 1000


def test_most_keeps_the_order_of_the_text_and_leaves_out_missing_names_first() -> None:
    every, some = asked(), asked(most=8)
    assert some == [pair for pair in every if pair in some]
    assert len(some) == 8
    assert "blank" not in {pair.kind for pair in some}
    fewer = asked(most=len(every) - 2)
    assert len(fewer) == len(every) - 2
    assert "blank" not in {pair.kind for pair in fewer}


def test_the_seed_decides_wording_and_choice_and_nothing_else_does() -> None:
    assert asked() == asked()
    others = [asked(seed=seed) for seed in range(2, 6)]
    assert any([pair.question for pair in other] != [pair.question for pair in asked()] for other in others)
    assert all([pair.kind for pair in other] == [pair.kind for pair in asked()] for other in others)


def test_any_text_can_be_asked_about_and_an_empty_one_gives_nothing() -> None:
    assert asked("") == asked("\n\n") == asked("no structure at all") == []
    assert asked("+--+\n| a | b |\n| c |\n+--+\n\n>>>\n\n::=\n\n***\n***") == []
    markdown = "A monoid is a set with an operation.  It has a neutral element."
    assert [(pair.kind, pair.answer) for pair in asked(markdown)] == [("term", "A monoid is a set with an operation.")]


def test_blocks_know_the_heading_and_the_entry_they_stand_under() -> None:
    found = [
        (block.kind, block.heading, block.entry)
        for block in blocks("T\n===\n\nf(x)\n\n   Does.\n\n   g(y)\n\n      It.\n\nEnd.")
    ]
    assert found == [
        ("heading", "T", ""),
        ("entry", "T", "f(x)"),
        ("prose", "T", "f(x)"),
        ("entry", "T", "g(y)"),
        ("prose", "T", "g(y)"),
        ("prose", "T", ""),
    ]


def test_sentences_are_whole_and_abbreviations_do_not_end_them() -> None:
    assert sentences("See e.g. Flopsy. It (the rabbit) hops! and so on") == ["See e.g. Flopsy."]
    assert sentences("He said “Hop.” Then it did:") == ["He said “Hop.”", "Then it did"]
    assert sentences("Rabbits hop as follows:") == sentences("lower case only.") == []


def test_grammar_tables_and_sessions_are_taken_apart() -> None:
    assert rules('  a ::= "b"\n        | "c"\n  d ::= a') == [("a", '"b" | "c"'), ("d", "a")]
    table = "+---+-----+\n| a | b   |\n|===|=====|\n| c | d   |\n+---+-----+\n| e | f   |\n|   | g   |\n+---+-----+"
    assert rows(table) == (["a", "b"], [["c", "d"], ["e", ""]])
    assert sessions(">>> a\n1\n>>> b\n2\n3\n>>> c\n4") == [(">>> a", "1"), (">>> a\n1\n>>> b\n2\n3\n>>> c", "4")]


def held_out() -> tuple[list[Document], list[Document]]:
    documents = list(reference())
    return documents[::8], [document for place, document in enumerate(documents) if place % 8]


def items(most: int = 60, seed: int = 1) -> list[Item]:
    own, train = held_out()
    return cloze([(one.id, one.text) for one in own], [one.text for one in train], most, seed)


def test_a_cloze_passage_goes_on_with_its_answer_in_its_document() -> None:
    texts = {document.id: document.text for document in held_out()[0]}
    made = items()
    assert len(made) == 60
    for item in made:
        assert len(item.choices) == len(set(item.choices)) == 4
        assert item.prompt + item.choices[item.answer] in texts[item.document]
        assert not item.prompt.endswith((" ", "\n"))
        assert all(re.fullmatch(r" \S+", choice) for choice in item.choices)


def test_nothing_but_the_sense_gives_the_answer_of_a_cloze_item_away() -> None:
    made = items()
    counts = Counter(word for one in held_out()[1] for word in re.findall(r"[A-Za-z_]\w*", one.text))
    assert Counter(item.answer for item in made) == {place: 15 for place in range(4)}
    for item in made:
        bare = [choice.strip(' "()') for choice in item.choices]
        assert not [word for word in bare if word.lower() in item.prompt.lower()]
        assert len({choice.startswith(' "') for choice in item.choices}) == 1
        assert max(map(len, item.choices)) - min(map(len, item.choices)) <= 6
        often = [min(counts[part] for part in re.findall(r"[A-Za-z_]\w*", word)) for word in bare]
        assert min(often) >= 2
        assert max(often) <= 4 * often[item.answer] <= 16 * min(often)


def test_cloze_items_follow_from_the_seed_and_are_unlike_each_other() -> None:
    assert items() == items()
    assert items(seed=2) != items()
    assert len({item.prompt for item in items()}) == len({item.id for item in items()}) == 60
    assert len(items(most=7)) == 7
    assert cloze([], ["some text"], 5, 1) == []
