"""Ask an endpoint the new questions of a release, several at a time; what was answered before a kill stays answered."""

import os
import re
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any

from modelworks.livebench import answer, question
from modelworks.livebench.answer import Answer
from modelworks.livebench.endpoint import Access, Client, EndpointError, NoReply, Reply
from modelworks.livebench.journal import Journal
from modelworks.livebench.question import Question
from modelworks.stage import Stage


def main(stage: Stage) -> None:
    """Inputs: questions. Args: model, key (the model's key in params.yaml). Outputs: replies (answers without cost).

    A question that fails is an error. More of them than the share `most_errors` fail the stage, and then only they are
    asked again: an endpoint that was down is not remembered as having nothing to say.
    """
    section, model = stage.params["livebench"], stage.args["model"]
    settings = section["models"][stage.args["key"]]
    asked = question.read(stage.input("questions"))
    journal = Journal(stage.scratch)
    open_questions = [one for one in asked if one.question_id not in journal.found]
    begin = time.monotonic()
    with Client(access(settings, stage.args["key"])) as client:
        failed = ask_all(client, open_questions, settings, model, journal, stage)
    found = journal.found | failed
    _check(failed, len(asked), section["most_errors"], model)
    answer.write(stage.output("replies"), [found[one.question_id] for one in asked])
    seconds = time.monotonic() - begin
    now = [found[one.question_id] for one in open_questions]
    stage.ledger(
        questions=len(now),
        errors=len(failed),
        prompt_tokens=sum(one.prompt_tokens or 0 for one in now),
        completion_tokens=sum(one.completion_tokens or 0 for one in now),
        asked_s=round(seconds, 3),
    )


def access(settings: Mapping[str, Any], name: str) -> Access:
    """How params reach an endpoint. Raises EndpointError if the key is not in the environment, or cannot be one."""
    variable, key = settings["key_variable"], None
    if variable is not None:
        place = f"params.yaml: livebench.models.{name}.key_variable: the environment variable {variable}"
        key = os.environ.get(variable, "").strip()
        if not key:
            raise EndpointError(f"{place} is not set: export it, or set key_variable to null")
        if not re.fullmatch(r"[!-~]+", key):
            raise EndpointError(f"{place} cannot be a key: it must be printable ASCII without spaces")
    return Access(settings["url"], key, settings["retries"], settings["timeout_seconds"], settings["concurrency"])


def ask_all(
    client: Client, asked: Sequence[Question], settings: Mapping[str, Any], model: str, journal: Journal, stage: Stage
) -> dict[str, Answer]:
    """Put the answers into the journal as they come; the errors, by question, are returned."""
    failed: dict[str, Answer] = {}

    def ask_one(one: Question) -> Answer:
        found = _answer(client, one, settings, model)
        if found.error is None:
            journal.add([found])  # here: what another thread runs into loses no answer that was paid for
        return found

    with ThreadPoolExecutor(settings["concurrency"]) as pool:
        futures = [pool.submit(ask_one, one) for one in asked]
        try:
            for done, future in enumerate(as_completed(futures), 1):
                found = future.result()
                if found.error is not None:
                    failed[found.question_id] = found
                stage.progress(done, len(asked), errors=len(failed))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            client.stop()
            raise
    return failed


def _answer(client: Client, one: Question, settings: Mapping[str, Any], model: str) -> Answer:
    """Turn by turn; the answer is what is said to the last turn. Every turn sends, and pays for, the whole talk."""
    talk: list[dict[str, str]] = []
    replies: list[Reply] = []
    for number, turn in enumerate(one.turns):
        talk.append({"role": "user", "content": turn})
        body = {
            "model": settings["model"],
            "messages": talk,
            "max_tokens": settings["most_tokens"],
            "temperature": settings["temperature"],
        }
        try:
            replies.append(client.ask(body, f"{one.question_id}:{number}"))
        except NoReply as error:
            return Answer(model, one.question_id, None, str(error) or "no reply", *_tokens(replies))
        talk.append({"role": "assistant", "content": replies[-1].text})
    texts = [reply.text for reply in replies]
    return Answer(
        model,
        one.question_id,
        texts[-1],
        None,
        *_tokens(replies),
        turns=texts if len(texts) > 1 else None,
        answer_cut=any(reply.cut for reply in replies),
    )


def _tokens(replies: Sequence[Reply]) -> tuple[int | None, int | None]:
    """Those of all turns together; None if one of them was not counted."""
    read = [reply.prompt_tokens for reply in replies if reply.prompt_tokens is not None]
    said = [reply.completion_tokens for reply in replies if reply.completion_tokens is not None]
    whole = len(replies) or -1
    return sum(read) if len(read) == whole else None, sum(said) if len(said) == whole else None


def _check(failed: Mapping[str, Answer], total: int, most: float, model: str) -> None:
    if len(failed) > most * total:
        name, first = next(iter(failed.items()))
        raise EndpointError(
            f"{model}: {len(failed)} of {total} questions failed, more than the share {most:g} that params.yaml: "
            f"livebench.most_errors allows; build again to ask these alone; the first, {name}: {first.error}"
        )
