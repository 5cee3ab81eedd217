"""Answers of models whose weights are on this machine, in batches: checkpoints of k2, and models of the hub."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from modelworks.livebench import answer, question
from modelworks.livebench.answer import Answer, AnswerError
from modelworks.livebench.journal import Journal
from modelworks.livebench.question import Question
from modelworks.lm.device import deterministic_device
from modelworks.stage import Stage

_THINK = "<think>"
_CLOSE = "</think>"

Speak = Callable[[list[list[int]]], list[list[int]]]  # prompts to continuations, token ids


@dataclass(frozen=True)
class Voice:
    """A model that continues token ids: `speak`; its texts as token ids and back; how many fit into its context."""

    speak: Speak
    encode: Callable[[str], list[int]]
    decode: Callable[[list[int]], str]
    chat: Callable[[list[dict[str, str]]], str] | None
    context: int


def main(stage: Stage) -> None:
    """Inputs: questions (of one release); of a k2 model also checkpoint, tokenizer; of a folder `weights`.

    Args: model, key (the model's key in params.yaml). Outputs: answers (Parquet). Batches are the same, in a run that
    goes on after a kill too, so a question is always answered among the same neighbours.
    """
    settings = stage.params["livebench"]["models"][stage.args["key"]]
    asked = question.read(stage.input("questions"))
    device = deterministic_device(settings["threads"])
    if settings["kind"] == "k2":
        voice = _k2(stage.input("checkpoint"), stage.input("tokenizer"), settings, device)
    elif settings["kind"] == "local":
        voice = _pretrained({"pretrained_model_name_or_path": stage.input("weights")}, settings, device)
    else:
        place = {"pretrained_model_name_or_path": settings["name"], "revision": settings["revision"]}
        voice = _pretrained(place, settings, device)
    if settings["chat"] and voice.chat is None:
        chat = f"params.yaml: livebench.models.{stage.args['key']}.chat"
        raise AnswerError(f"{chat} is true, and the model has no chat template: set it to false")
    batch = settings["batch_rows"]
    ordered = sorted(asked, key=lambda one: (sum(map(len, one.turns)), one.question_id))
    journal = Journal(stage.scratch)
    begin, spoken = time.monotonic(), 0
    for first in range(0, len(ordered), batch):
        together = ordered[first : first + batch]
        if any(one.question_id not in journal.found for one in together):
            fresh = _answered(voice, together, settings, stage.args["model"])
            spoken += sum(one.completion_tokens or 0 for one in fresh)
            journal.add(fresh)
        stage.progress(first + len(together), len(ordered))
    answer.write(stage.output("answers"), [journal.found[one.question_id] for one in asked])
    seconds = time.monotonic() - begin
    stage.ledger(questions=len(asked), tokens=spoken, answering_s=round(seconds, 3))


def _answered(voice: Voice, asked: Sequence[Question], settings: Mapping[str, Any], model: str) -> list[Answer]:
    """Turn by turn, those that have one together; the answer is what is said to the last turn."""
    said: list[list[str]] = [[] for _ in asked]
    read, spoken, cut, ended = [0] * len(asked), [0] * len(asked), [False] * len(asked), [True] * len(asked)
    for turn in range(max(len(one.turns) for one in asked)):
        places = [place for place, one in enumerate(asked) if turn < len(one.turns)]
        prompts = [_prompt(voice, asked[place], said[place], settings) for place in places]
        room = max(1, voice.context - settings["most_tokens"])
        shown = [prompt[-room:] for prompt in prompts]
        for place, prompt, ids in zip(places, prompts, voice.speak(shown), strict=True):
            text, most = voice.decode(ids), min(settings["most_tokens"], voice.context - min(len(prompt), room))
            cut[place] |= len(prompt) > room
            ended[place] &= len(ids) < most or any(stop in text for stop in settings["stop"])
            said[place].append(_finished(text, settings, asked[place].task))
            read[place] += min(len(prompt), room)
            spoken[place] += len(ids)
    return [
        Answer(
            model,
            one.question_id,
            said[place][-1],
            None,
            read[place],
            spoken[place],
            turns=said[place] if len(one.turns) > 1 else None,
            prompt_cut=cut[place],
            answer_cut=not ended[place],
        )
        for place, one in enumerate(asked)
    ]


def _prompt(voice: Voice, one: Question, said: Sequence[str], settings: Mapping[str, Any]) -> list[int]:
    """The token ids of the turns so far, each in the prompt's form, with the answers between them."""
    template: str = settings["prompt"]
    before, name, after = template.partition("{stem}" if "{stem}" in template else "{question}")
    bare = (one.extra.get("stem") if name == "{stem}" else None) or one.turns[0]
    turns = [f"{before}{turn}{after}" for turn in (bare, *one.turns[1 : len(said) + 1])]
    if settings["chat"]:
        assert voice.chat
        talk = [{"role": "user", "content": turns[0]}]
        for reply, turn in zip(said, turns[1:], strict=True):
            talk += [{"role": "assistant", "content": reply}, {"role": "user", "content": turn}]
        text = voice.chat(talk)
    else:
        opened = _THINK if _thinks(settings) else "\0"
        replies = (reply.removeprefix(opened) if reply.startswith(opened) else f"\n{reply}" for reply in said)
        text = "".join(f"{turn}{reply}\n" for turn, reply in zip(turns, replies, strict=False)) + turns[-1]
    return voice.encode(text)


def _thinks(settings: Mapping[str, Any]) -> bool:
    """Whether the prompt opens thoughts; in a chat it is the user's, and opens none."""
    return not settings["chat"] and str(settings["prompt"]).rstrip().endswith(_THINK)


def _finished(text: str, settings: Mapping[str, Any], task: str) -> str:
    """The text up to a stop; what a prompt's `<think>` began is closed in it, and the bare answer wrapped."""
    ends = [place for stop in settings["stop"] if (place := text.find(stop)) >= 0]
    text = text[: min(ends)] if ends else text
    thinks = _thinks(settings)
    thoughts, closed, bare = text.rpartition(_CLOSE)
    if thinks and not closed:
        return f"{_THINK}{text}"  # never came to an answer
    wrap = settings["wrap"].get(task.lower())
    bare = wrap.replace("{answer}", bare.strip()) if wrap else bare
    return f"{_THINK if thinks else ''}{thoughts}{closed}{bare}"


def _k2(checkpoint: Path, tokenizer_file: Path, settings: Mapping[str, Any], device: torch.device) -> Voice:
    from modelworks.lm.generation import complete, greedy
    from modelworks.lm.model import load_checkpoint
    from modelworks.lm.tokenizer import END_OF_TEXT_ID, load

    model, tokenizer = load_checkpoint(checkpoint, device), load(tokenizer_file)

    def speak(prompts: list[list[int]]) -> list[list[int]]:
        most = [settings["most_tokens"]] * len(prompts)
        return complete(model, prompts, most, END_OF_TEXT_ID, greedy, settings["batch_rows"])

    def encode(text: str) -> list[int]:
        return [END_OF_TEXT_ID, *tokenizer.encode(text, add_special_tokens=False).ids]

    return Voice(speak, encode, tokenizer.decode, None, model.config.max_position_embeddings)


def _pretrained(place: Mapping[str, Any], settings: Mapping[str, Any], device: torch.device) -> Voice:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(**place, trust_remote_code=False)
    kind = torch.bfloat16 if device.type == "cuda" else torch.float32
    model: Any = AutoModelForCausalLM.from_pretrained(
        **place, dtype=kind, use_safetensors=True, trust_remote_code=False
    )
    model.to(device).eval()
    context = getattr(model.config, "max_position_embeddings", 1 << 20)
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token

    @torch.inference_mode()
    def speak(prompts: list[list[int]]) -> list[list[int]]:
        rows = tokenizer.pad({"input_ids": prompts}, padding_side="left", return_tensors="pt").to(device)
        made = model.generate(
            **rows,
            max_new_tokens=min(settings["most_tokens"], max(1, context - rows["input_ids"].shape[1])),
            do_sample=False,  # and, whatever the model's own generation_config says, plainly the likeliest token:
            num_beams=1,
            repetition_penalty=1.0,
            no_repeat_ngram_size=0,
            pad_token_id=tokenizer.pad_token_id,
        )
        own = model.generation_config.eos_token_id
        ends = {tokenizer.eos_token_id, tokenizer.pad_token_id, *(own if isinstance(own, list) else [own])}
        found = made[:, rows["input_ids"].shape[1] :].tolist()
        return [row[: next((n for n, token in enumerate(row) if token in ends), len(row))] for row in found]

    def chat(talk: list[dict[str, str]]) -> str:
        return str(tokenizer.apply_chat_template(talk, tokenize=False, add_generation_prompt=True))

    def encode(text: str) -> list[int]:
        # A chat template writes the special tokens itself.
        return list(tokenizer(text, add_special_tokens=not settings["chat"])["input_ids"])

    return Voice(
        speak,
        encode,
        lambda ids: str(tokenizer.decode(ids, skip_special_tokens=True)),
        chat if tokenizer.chat_template else None,
        context,
    )
