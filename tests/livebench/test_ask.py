"""Claims about asking an endpoint the questions of a release: errors, going on after a kill, cost, and the key."""

import functools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from modelworks.build import fingerprint
from modelworks.livebench import answer, ask, price, question
from modelworks.livebench.answer import Answer
from modelworks.livebench.endpoint import EndpointError
from modelworks.livebench.journal import Journal
from modelworks.livebench.question import Question
from modelworks.stage import Stage
from tests.livebench import boards
from tests.livebench.endpoints import KEY, Said, Server, reply, serving

VARIABLE = "LIVEBENCH_TEST_KEY"
PRICES = {"currency": "USD", "input": 2.0, "output": 10.0}


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv(VARIABLE, KEY)


def questions(count: int) -> list[Question]:
    return [boards.make("sums", 1, number, boards.AUGUST) for number in range(count)]


def settings(url: str, **values: Any) -> dict[str, Any]:
    """An endpoint in params.yaml."""
    return {
        "kind": "endpoint",
        "url": url,
        "model": "gpt",
        "date": "2026-08-31",
        "key_variable": VARIABLE,
        "prices": PRICES,
        "most_tokens": 50,
        "temperature": 0.0,
        "concurrency": 4,
        "retries": 0,
        "timeout_seconds": 10.0,
        **values,
    }


def run(
    folder: Path, url: str, asked: list[Question], scratch: str = "scratch", most_errors: float = 1.0, **values: Any
) -> Path:
    """Run the stage; where its replies are."""
    for name in (scratch, "out"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    question.write(folder / "questions.parquet", asked)
    section = {"models": {"far": settings(url, **values)}, "most_errors": most_errors}
    stage = Stage(
        name="modelworks.livebench.ask",
        rule="livebench_ask",
        inputs={"questions": [folder / "questions.parquet"]},
        outputs={"replies": [folder / "out/replies.parquet"]},
        params={"livebench": section},
        args={"model": "far", "key": "far"},
        scratch=folder / scratch,
    )
    ask.main(stage)
    return stage.output("replies")


def echo(text: str, before: int) -> Said:
    return reply(f"to {text}")


def test_every_question_is_asked_once_and_answered_in_its_place(tmp_path: Path) -> None:
    asked = questions(20)
    with serving(echo) as server:
        found = answer.read(run(tmp_path, server.url, asked))
        assert sorted(server.asked()) == sorted(one.turns[0] for one in asked)
        assert server.requests[0].body == {
            "model": "gpt",
            "messages": [{"role": "user", "content": server.asked()[0]}],
            "max_tokens": 50,
            "temperature": 0.0,
        }
    assert found == [
        Answer("far", one.question_id, f"to {one.turns[0]}", None, 3, 2, answer_cut=False) for one in asked
    ]
    figures = json.loads((tmp_path / "scratch/ledger.json").read_text())
    assert figures.pop("asked_s") > 0
    assert figures == {"questions": 20, "errors": 0, "prompt_tokens": 60, "completion_tokens": 40}


def test_the_bytes_do_not_depend_on_concurrency_pauses_or_the_order_of_replies(tmp_path: Path) -> None:
    def late(wait_s: float, text: str, before: int) -> Said:
        if before == 0 and text.startswith("sums 1 3"):
            return Said(429)
        return Said(**vars(echo(text, 0)) | {"wait_s": wait_s})

    made = []
    for wait_s, concurrency in ((0.0, 1), (0.05, 7)):
        with serving(functools.partial(late, wait_s)) as server:
            place = run(tmp_path / str(concurrency), server.url, questions(12), concurrency=concurrency, retries=1)
            made.append(place.read_bytes())
            assert server.most_together <= concurrency
            assert concurrency == 1 or server.most_together > 1
    assert made[0] == made[1]


def test_a_failed_question_is_an_error_with_its_reason_and_no_answer(tmp_path: Path) -> None:
    asked = questions(6)
    bad = asked[2].turns[0]
    with serving(
        lambda text, before: Said(500, f"no, {KEY}".encode()) if text == bad else echo(text, before)
    ) as server:
        found = answer.read(run(tmp_path, server.url, asked))
    assert found[2] == Answer("far", asked[2].question_id, None, "HTTP 500: no, [key]")
    assert [one.text is None for one in found] == [place == 2 for place in range(6)]


def test_too_many_errors_fail_and_the_next_build_asks_for_them_alone(tmp_path: Path) -> None:
    asked = questions(10)
    bad = {asked[1].turns[0], asked[5].turns[0]}
    first = asked[1].question_id, asked[5].question_id
    with serving(lambda text, before: Said(503) if text in bad else echo(text, before)) as server:
        with pytest.raises(EndpointError) as error:
            run(tmp_path, server.url, asked, most_errors=0.1)
        assert str(error.value).startswith(
            "far: 2 of 10 questions failed, more than the share 0.1 that params.yaml: livebench.most_errors allows; "
            "build again to ask these alone; the first, "
        )
        assert str(error.value).endswith(": HTTP 503:") and any(name in str(error.value) for name in first)
    assert not (tmp_path / "out/replies.parquet").exists()
    with serving(echo) as server:
        resumed = run(tmp_path, server.url, asked, most_errors=0.1).read_bytes()
        assert sorted(server.asked()) == sorted(bad)
        assert resumed == run(tmp_path, server.url, asked, scratch="fresh").read_bytes()


def test_turns_are_asked_one_after_the_other_and_paid_for_together(tmp_path: Path) -> None:
    [one] = questions(1)
    talk = Question(**{**vars(one), "turns": ["first", "second", "third"]})

    def script(text: str, before: int) -> Said:
        return reply(f"to {text}", "length" if text == "second" else "stop", (10, len(text)))

    with serving(script) as server:
        [found] = answer.read(run(tmp_path, server.url, [talk]))
        assert server.requests[2].body["messages"] == [
            {"role": "user", "content": "first"},
            {"role": "assistant", "content": "to first"},
            {"role": "user", "content": "second"},
            {"role": "assistant", "content": "to second"},
            {"role": "user", "content": "third"},
        ]
    assert (found.text, found.turns) == ("to third", ["to first", "to second", "to third"])
    assert (found.prompt_tokens, found.completion_tokens, found.answer_cut) == (30, 5 + 6 + 5, True)


def test_one_turn_that_is_not_counted_leaves_the_question_without_counts(tmp_path: Path) -> None:
    [one] = questions(1)
    talk = Question(**{**vars(one), "turns": ["first", "second"]})
    with serving(lambda text, before: reply(text, usage=None if text == "first" else (1, 1))) as server:
        [found] = answer.read(run(tmp_path, server.url, [talk]))
    assert (found.text, found.prompt_tokens, found.completion_tokens) == ("second", None, None)


def test_cost_is_tokens_times_prices_and_none_where_nobody_counted(tmp_path: Path) -> None:
    rows = [
        Answer("far", "a", "x", None, 1_000_000, 500_000),
        Answer("far", "b", "x"),
        Answer("far", "c", None, "HTTP 500", 3, 0),
    ]
    answer.write(tmp_path / "replies.parquet", rows)
    stage = Stage(
        name="modelworks.livebench.price",
        rule="livebench_price",
        inputs={"replies": [tmp_path / "replies.parquet"]},
        outputs={"answers": [tmp_path / "answers.parquet"]},
        params={"livebench": {"models": {"far": {"prices": PRICES}}}},
        args={"key": "far"},
    )
    price.main(stage)
    assert [one.cost for one in answer.read(stage.output("answers"))] == [7.0, None, pytest.approx(6e-6)]


def test_a_key_that_is_missing_or_odd_is_named_and_never_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    place = f"params.yaml: livebench.models.far.key_variable: the environment variable {VARIABLE}"
    monkeypatch.setenv(VARIABLE, "two words")
    with pytest.raises(EndpointError) as error:
        run(tmp_path, "http://127.0.0.1:9/v1", questions(1))
    assert str(error.value) == f"{place} cannot be a key: it must be printable ASCII without spaces"
    monkeypatch.delenv(VARIABLE)
    with pytest.raises(EndpointError) as error:
        run(tmp_path, "http://127.0.0.1:9/v1", questions(1))
    assert str(error.value) == f"{place} is not set: export it, or set key_variable to null"
    with serving(echo) as server:
        run(tmp_path, server.url, questions(1), key_variable=None)
        assert server.requests[0].authorization == ""


def test_a_key_that_is_not_accepted_ends_the_stage_at_once(tmp_path: Path) -> None:
    with serving(lambda *_: Said(401, {"error": {"message": f"{KEY} is wrong"}})) as server:
        with pytest.raises(EndpointError, match=r"HTTP 401, the key is not accepted: \[key\] is wrong"):
            run(tmp_path, server.url, questions(40), retries=3)
        assert len(server.requests) < 12


def test_an_answer_that_comes_while_the_stage_fails_is_kept(tmp_path: Path) -> None:
    asked = questions(2)

    def script(text: str, before: int) -> Said:
        return Said(401) if text == asked[0].turns[0] else Said(**vars(echo(text, 0)) | {"wait_s": 0.4})

    with serving(script) as server, pytest.raises(EndpointError, match="HTTP 401"):
        run(tmp_path, server.url, asked, concurrency=2)
    assert list(Journal(tmp_path / "scratch").found) == [asked[1].question_id]


def test_a_journal_that_a_kill_has_cut_off_is_taken_up_to_the_cut(tmp_path: Path) -> None:
    rows = [Answer("m", str(number), "text", None, 1, 2, turns=["a", "text"]) for number in range(4)]
    journal = Journal(tmp_path)
    journal.add(rows[:2])
    journal.add(rows[2:])
    assert Journal(tmp_path).found == {one.question_id: one for one in rows}
    content = (tmp_path / "answers.jsonl").read_bytes()
    ends = [place for place, byte in enumerate(content) if byte == ord("\n")]
    for size in {0, 1, *range(0, len(content), 29), *ends, *(place + 1 for place in ends[:-1])}:
        (tmp_path / "answers.jsonl").write_bytes(content[:size])
        whole = content[:size].count(b"\n")
        assert list(Journal(tmp_path).found.values()) == rows[:whole]
    journal = Journal(tmp_path)
    journal.add(rows[3:])
    assert list(Journal(tmp_path).found.values()) == rows


class Project:
    """A folder in which the runner runs the stage as a build would."""

    def __init__(self, folder: Path, server: Server, asked: list[Question]) -> None:
        self.folder = folder
        (folder / "scratch").mkdir()
        question.write(folder / "questions.parquet", asked)
        section = {"models": {"far": settings(server.url, retries=1)}, "most_errors": 1.0}
        (folder / "params.yaml").write_text(json.dumps({"seed": 1, "livebench": section}))

    def start(self) -> subprocess.Popen[bytes]:
        os.chdir(self.folder)
        module = "modelworks.livebench.ask"
        fingerprint.write([module])
        keys = [f"livebench.models.far.{name}" for name in ("url", "model", "date", "most_tokens", "temperature")]
        hidden = [
            f"livebench.models.far.{name}" for name in ("key_variable", "retries", "timeout_seconds", "concurrency")
        ]
        command = [sys.executable, "-m", "modelworks.build.run", module, "--rule", "livebench_ask", "--log", "ask.log"]
        command += ["--reads", *keys, "--settings", *hidden, "livebench.most_errors", "--secret", hidden[0]]
        command += ["--in", "code", f"artifacts/code/{module}.json", "--in", "questions", "questions.parquet"]
        command += ["--arg", "model=far", "--arg", "key=far", "--out", "replies", "replies.parquet"]
        environ = os.environ | {"MODELWORKS_SCRATCH": str(self.folder / "scratch")}
        with (self.folder / "terminal").open("ab") as terminal:
            return subprocess.Popen(command, env=environ, stdout=terminal, stderr=terminal)

    def files(self) -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in self.folder.rglob("*") if path.is_file()}


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_what_was_answered_before_a_kill_is_not_asked_again_and_no_file_holds_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MODELWORKS_BUILD_PID", raising=False)
    asked = questions(40)
    leaky = asked[3].turns[0]

    def script(text: str, before: int) -> Said:
        if text == leaky:
            return Said(500, {"error": {"message": f"{KEY}?"}})
        return Said(**vars(reply(f"{text} {KEY}")) | {"wait_s": 0.05})

    with serving(script) as server:
        project = Project(tmp_path, server, asked)
        process = project.start()
        journal = tmp_path / "scratch/answers.jsonl"
        wait_for(lambda: journal.exists() and journal.read_bytes().count(b"\n") >= 8)
        process.send_signal(signal.SIGKILL)
        process.wait()
        wait_for(lambda: not (tmp_path / "replies.parquet").exists())
        time.sleep(0.5)
        kept = [json.loads(line)["question_id"] for line in journal.read_bytes().split(b"\n")[:-1]]
        assert 8 <= len(kept) < 40
        before = len(server.requests)
        assert project.start().wait() == 0, (tmp_path / "terminal").read_text()
        again = set(server.asked()[before:])
        assert again == {one.turns[0] for one in asked if one.question_id not in kept}
        assert {request.authorization for request in server.requests} == {f"Bearer {KEY}"}
    found = answer.read(tmp_path / "replies.parquet")
    assert [one.question_id for one in found] == [one.question_id for one in asked]
    assert found[3].error == "HTTP 500: [key]? (2 tries)"
    assert found[4].text == f"{asked[4].turns[0]} [key]"
    files = project.files()
    assert len(files) >= 6 and "livebench_ask" in (tmp_path / "ask.log").read_text()
    assert not [name for name, content in files.items() if KEY.encode() in content]


def test_an_undeclared_secret_does_not_reach_a_stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MODELWORKS_BUILD_PID", raising=False)
    with serving(echo) as server:
        project = Project(tmp_path, server, questions(1))
        section = json.loads((tmp_path / "params.yaml").read_text())
        section["livebench"]["models"]["far"]["key_variable"] = "ANOTHER"
        (tmp_path / "params.yaml").write_text(json.dumps(section))
        assert project.start().wait() == 1
        assert "the environment variable ANOTHER is not set" in (tmp_path / "terminal").read_text()
        assert not server.requests
