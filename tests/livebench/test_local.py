"""Claims about the answers of models on this machine, on tiny random ones."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

from modelworks.livebench import answer, local, question
from modelworks.livebench.answer import Answer, AnswerError
from modelworks.livebench.local import Voice
from modelworks.livebench.question import Question
from modelworks.lm import tokenizer as bpe
from modelworks.lm.generation import complete, greedy
from modelworks.lm.model import initialise
from modelworks.stage import Stage
from tests.k2.measured import MODEL
from tests.livebench import boards

TEMPLATE = (
    "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}{% if add_generation_prompt %}<ai>{% endif %}"
)


def settings(**values: Any) -> dict[str, Any]:
    common = {
        "prompt": "{question}",
        "chat": False,
        "stop": [],
        "wrap": {},
        "most_tokens": 8,
        "batch_rows": 3,
        "threads": 1,
    }
    return {"kind": "k2", **common, **values}


def ask(turns: Sequence[str], **extra: Any) -> Question:
    one = boards.make("sums", 1, len("".join(turns)), boards.AUGUST)
    number = question.question_id("sums", list(turns), "yes")
    return Question(**{**vars(one), "question_id": number, "turns": list(turns), "extra": extra})


class Parrot:
    """A model whose tokens are characters, that says what `script` says to a text; what it was shown is kept."""

    def __init__(self, script: Any, context: int = 1000) -> None:
        self.shown: list[str] = []
        self.batches: list[int] = []
        self._script = script
        self.voice = Voice(self._speak, lambda text: list(map(ord, text)), self._text, self._chat, context)

    def _speak(self, prompts: list[list[int]]) -> list[list[int]]:
        texts = [self._text(prompt) for prompt in prompts]
        self.shown += texts
        self.batches.append(len(texts))
        return [list(map(ord, self._script(text))) for text in texts]

    @staticmethod
    def _text(ids: Sequence[int]) -> str:
        return "".join(map(chr, ids))

    @staticmethod
    def _chat(talk: list[dict[str, str]]) -> str:
        return "".join(f"<{part['role']}>{part['content']}" for part in talk)


def said(parrot: Parrot, *asked: Question, **values: Any) -> list[Answer]:
    return local._answered(parrot.voice, asked, settings(**values), "m")


def test_the_bare_question_is_asked_where_there_is_one_and_else_the_whole_one() -> None:
    parrot = Parrot(lambda text: "")
    bare, whole = ask(["What is 1+1? Put it in a box."], stem="What is 1+1?"), ask(["Who lies?"])
    said(parrot, bare, whole, prompt="{stem}\n<think>")
    said(parrot, bare, prompt="Q: {question}\nA:")
    assert parrot.shown == ["What is 1+1?\n<think>", "Who lies?\n<think>", "Q: What is 1+1? Put it in a box.\nA:"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1+1=2</think>2", r"<think>1+1=2</think>\boxed{2}"),
        ("1+1=2</think> 2 \nand more", r"<think>1+1=2</think>\boxed{2}"),
        ("a</think>b</think>2", r"<think>a</think>b</think>\boxed{2}"),
        ("</think>2", r"<think></think>\boxed{2}"),
        ("1+1=", "<think>1+1="),
        ("1+1=\n</think>2", "<think>1+1="),
    ],
)
def test_the_answer_is_what_stands_after_the_thoughts_in_the_form_of_the_task(text: str, expected: str) -> None:
    values: dict[str, Any] = {"prompt": "{stem}\n<think>", "wrap": {"sums": r"\boxed{{answer}}"}, "stop": ["\n"]}
    [found] = said(Parrot(lambda _: text), ask(["What is 1+1?"]), **values)
    assert found.text == expected


def test_without_a_wrap_or_thoughts_the_text_is_the_answer_up_to_the_first_stop() -> None:
    [found] = said(Parrot(lambda _: "two.###\nno"), ask(["What?"]), stop=["\n", "###"], wrap={"other": "({answer})"})
    assert (found.text, found.answer_cut) == ("two.", False)


def test_turns_are_asked_in_turn_with_the_answers_between_them() -> None:
    parrot = Parrot(lambda text: f"[{len(text)}]")
    once, twice = ask(["alone"]), ask(["first", "second"])
    found = said(parrot, once, twice)
    assert parrot.shown == ["alone", "first", "first\n[5]\nsecond"]
    assert (found[0].text, found[0].turns) == ("[5]", None)
    assert (found[1].text, found[1].turns) == ("[16]", ["[5]", "[16]"])
    assert (found[1].prompt_tokens, found[1].completion_tokens) == (5 + 16, 3 + 4)
    said(parrot, twice, chat=True)
    assert parrot.shown[-1] == "<user>first<assistant>[11]<user>second"
    said(parrot, twice, prompt="Q: {question}\nA:")
    assert parrot.shown[-1] == "Q: first\nA:\n[11]\nQ: second\nA:"


def test_every_turn_opens_its_own_thoughts_and_a_chat_none() -> None:
    parrot = Parrot(lambda text: "t</think>2")
    twice = ask(["first {question}", "second"], stem="1st {question}")
    [found] = said(parrot, twice, prompt="{stem}\n<think>")
    assert parrot.shown == [
        "1st {question}\n<think>",
        "1st {question}\n<think>t</think>2\nsecond\n<think>",
    ]
    assert found.turns == ["<think>t</think>2"] * 2
    [found] = said(Parrot(lambda text: "2"), twice, prompt="{question}\n<think>", chat=True)
    assert found.text == "2"


def test_a_question_that_is_too_long_loses_its_beginning_and_that_is_recorded() -> None:
    parrot = Parrot(lambda text: "ok" if text == "fits" else "x" * 8, context=20)
    short, long = said(parrot, ask(["fits"]), ask(["0123456789abcdef"]))
    assert parrot.shown == ["fits", "456789abcdef"]
    assert (short.prompt_cut, short.answer_cut, short.prompt_tokens) == (False, False, 4)
    assert (long.prompt_cut, long.answer_cut, long.prompt_tokens) == (True, True, 12)
    said(parrot, ask(["xyz"]), most_tokens=30)
    assert parrot.shown[-1] == "z"


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A k2 checkpoint with its tokenizer, and the same weights as a folder of transformers."""
    folder = tmp_path_factory.mktemp("weights")
    tokenizer = bpe.train(["What is 7+5? <think>12</think>12 one two three four"] * 9, 290, 2)
    tokenizer.save(str(folder / "tokenizer.json"))
    model = initialise(MODEL, tokenizer.get_vocab_size(), 5, torch.device("cpu")).eval()
    model.save_pretrained(folder / "k2")
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=bpe.END_OF_TEXT, chat_template=TEMPLATE)
    model.save_pretrained(folder / "hf")
    fast.save_pretrained(folder / "hf")
    return folder


QUESTIONS = [
    ask(["one"]),
    ask(["What is 7+5?" * 9, "and two?"]),
    *(ask([f"two {number} three"]) for number in range(6)),
]


def run(weights: Path, folder: Path, scratch: Path, **values: Any) -> Path:
    """Run the stage; where its answers are."""
    folder.mkdir(parents=True, exist_ok=True)
    scratch.mkdir(parents=True, exist_ok=True)
    question.write(folder / "questions.parquet", QUESTIONS)
    chosen = settings(**values)
    own = {"checkpoint": [weights / "k2"], "tokenizer": [weights / "tokenizer.json"]}
    stage = Stage(
        name="modelworks.livebench.local",
        rule="livebench_local",
        inputs={
            "questions": [folder / "questions.parquet"],
            **(own if chosen["kind"] == "k2" else {"weights": [weights / "hf"]}),
        },
        outputs={"answers": [folder / "answers.parquet"]},
        params={"livebench": {"models": {"near": chosen}}},
        args={"model": "near", "key": "near"},
        scratch=scratch,
    )
    local.main(stage)
    return stage.output("answers")


def test_a_checkpoint_answers_as_it_does_one_by_one(weights: Path, tmp_path: Path) -> None:
    found = answer.read(run(weights, tmp_path, tmp_path / "scratch", prompt="{question}\n<think>"))
    model = LlamaForCausalLM.from_pretrained(weights / "k2").eval()
    tokenizer = bpe.load(weights / "tokenizer.json")
    assert [one.question_id for one in found] == [one.question_id for one in QUESTIONS]
    for one, given in zip(QUESTIONS, found, strict=True):
        if len(one.turns) == 1:
            prompt = [0, *tokenizer.encode(f"{one.turns[0]}\n<think>").ids]
            [ids] = complete(model, [prompt], [8], 0, greedy, 1)
            assert given.text == f"<think>{tokenizer.decode(ids)}"
            assert (given.prompt_tokens, given.completion_tokens) == (len(prompt), len(ids))
    assert found[1].prompt_cut and found[1].turns is not None and len(found[1].turns) == 2
    figures = json.loads((tmp_path / "scratch/ledger.json").read_text())
    assert figures["questions"] == 8 and figures["tokens"] == sum(one.completion_tokens or 0 for one in found)


def test_a_folder_of_transformers_answers_in_padded_batches_as_one_by_one(weights: Path, tmp_path: Path) -> None:
    found = answer.read(run(weights, tmp_path, tmp_path / "scratch", kind="local"))
    model = LlamaForCausalLM.from_pretrained(weights / "hf").eval()
    tokenizer = bpe.load(weights / "tokenizer.json")
    for one, given in zip(QUESTIONS, found, strict=True):
        if len(one.turns) == 1:
            ids = tokenizer.encode(one.turns[0]).ids
            [expected] = complete(model, [ids], [8], 0, greedy, 1)
            assert given.text == tokenizer.decode(expected)
            assert given.prompt_tokens == len(ids)
    assert found[1].prompt_cut and not found[0].prompt_cut


def test_a_chat_template_is_used_with_its_own_special_tokens(weights: Path, tmp_path: Path) -> None:
    found = answer.read(run(weights, tmp_path, tmp_path / "s", kind="local", chat=True))
    tokenizer = bpe.load(weights / "tokenizer.json")
    assert found[0].prompt_tokens == len(tokenizer.encode("<user>one<ai>").ids)


def test_a_chat_without_a_template_is_an_error(weights: Path, tmp_path: Path) -> None:
    with pytest.raises(AnswerError) as error:
        run(weights, tmp_path, tmp_path / "s", chat=True)
    assert str(error.value) == (
        "params.yaml: livebench.models.near.chat is true, and the model has no chat template: set it to false"
    )


def test_a_folder_answers_within_its_context_and_by_its_likeliest_tokens_alone(weights: Path, tmp_path: Path) -> None:
    expected = answer.read(run(weights, tmp_path / "a", tmp_path / "s", kind="local", most_tokens=20))
    shutil.copytree(weights / "hf", tmp_path / "own/hf")
    config = tmp_path / "own/hf/generation_config.json"
    values = {"repetition_penalty": 50.0, "no_repeat_ngram_size": 1, "num_beams": 2}
    config.write_text(json.dumps(json.loads(config.read_text()) | values))
    assert answer.read(run(tmp_path / "own", tmp_path / "b", tmp_path / "t", kind="local", most_tokens=20)) == expected
    context = int(str(MODEL["max_position_embeddings"]))
    found = answer.read(run(weights, tmp_path / "c", tmp_path / "u", kind="local", most_tokens=context + 5))
    assert max(one.completion_tokens or 0 for one in found if one.turns is None) == context - 1


def test_weights_that_are_a_pickle_are_not_read(weights: Path, tmp_path: Path) -> None:
    shutil.copytree(weights / "hf", tmp_path / "own/hf", ignore=shutil.ignore_patterns("*.safetensors"))
    torch.save(LlamaForCausalLM.from_pretrained(weights / "hf").state_dict(), tmp_path / "own/hf/pytorch_model.bin")
    with pytest.raises(OSError, match="safetensors"):
        run(tmp_path / "own", tmp_path, tmp_path / "s", kind="local")


@pytest.mark.parametrize("kind", ["k2", "local"])
def test_a_killed_run_goes_on_and_gives_the_same_bytes(
    weights: Path, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = run(weights, tmp_path / "whole", tmp_path / "a", kind=kind).read_bytes()
    assert run(weights, tmp_path / "again", tmp_path / "b", kind=kind).read_bytes() == whole
    answered, batches = local._answered, list[int]()

    def twice(voice: Voice, asked: Sequence[Question], *rest: Any) -> list[Answer]:
        if len(batches) == 2:
            raise KeyboardInterrupt
        batches.append(len(asked))
        return answered(voice, asked, *rest)

    monkeypatch.setattr(local, "_answered", twice)
    with pytest.raises(KeyboardInterrupt):
        run(weights, tmp_path / "cut", tmp_path / "c", kind=kind)
    batches.clear()
    assert run(weights, tmp_path / "on", tmp_path / "c", kind=kind).read_bytes() == whole
    assert batches == [2]
