import argparse
import json
import re
from datetime import date
from pathlib import Path

import pytest

from modelworks.commands import livebench_score
from modelworks.livebench import sandbox
from modelworks.livebench.generators import lcb_generation
from modelworks.livebench.scorers import rows

ROW = {"task": "aime_i", "context": {}, "ground_truth": "446", "answer": "not 446", "score": 0.0, "more": "é"}


def run(path: Path, *options: str, status: int = 0) -> None:
    parser = argparse.ArgumentParser()
    livebench_score.add_arguments(parser)
    chosen = parser.parse_args([str(path), *options])
    assert chosen.run(chosen) == status


def test_rows_come_back_in_order_with_both_scores(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "rows.jsonl"
    asked = [{**ROW, "answer": str(number)} for number in range(440, 450)]
    path.write_text("\n".join(map(json.dumps, [ROW, *asked])) + "\n\n")
    run(path, "--jobs", "3")
    first, *others = map(json.loads, capsys.readouterr().out.splitlines())
    assert first == {**ROW, "score": 1.0, "strict": 0.0, "status": "unparsed"}
    assert [other["answer"] for other in others] == [row["answer"] for row in asked]
    assert [other["status"] for other in others] == ["wrong"] * 6 + ["ok"] + ["wrong"] * 3


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("{", r"rows\.jsonl:2: not JSON: Expecting property name"),
        ('{"n": ' + "9" * 5000 + "}", r"rows\.jsonl:2: not JSON: Exceeds the limit"),
        ("[]", r"rows\.jsonl:2: a row is an object, not list"),
        (json.dumps({**ROW, "answer": None}), r"rows\.jsonl:2: answer must be text, got None"),
        ('{"task": "aime_i", "context": {}}', r"rows\.jsonl:2: answer must be text, got None"),
        (
            json.dumps({**ROW, "task": "tablereformat"}),
            r"rows\.jsonl:2: task tablereformat: its scorer depends on the ",
        ),
        (json.dumps({**ROW, "task": 3}), r"rows\.jsonl:2: task must be text, got 3"),
        (json.dumps({**ROW, "context": []}), r"rows\.jsonl:2: context must be an object, got \[\]"),
        (json.dumps({**ROW, "task": "chess"}), r"rows\.jsonl:2: task chess: no scorer of that name; known: "),
        (
            json.dumps({**ROW, "livebench_release_date": "soon"}),
            r"rows\.jsonl:2: livebench_release_date must be a date YYYY-MM-DD, got 'soon'",
        ),
    ],
)
def test_a_row_that_cannot_be_scored_is_an_error_and_the_others_are_scored(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], row: str, message: str
) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(f"{json.dumps(ROW)}\n{row}\n{json.dumps(ROW)}\n")
    run(path, status=1)
    printed = capsys.readouterr()
    before, faulty, behind = map(json.loads, printed.out.splitlines())
    assert before == behind == {**ROW, "score": 1.0, "strict": 0.0, "status": "unparsed"}
    kept = json.loads(row) if row.startswith('{"task"') else {}
    assert faulty == {**kept, "score": None, "strict": None, "status": "error"}
    assert re.search(message, printed.err) and printed.err.count("\n") == 1
    with pytest.raises(rows.RowError, match=message):
        list(rows.read(path))


def test_a_line_that_is_not_utf8_is_an_error_and_a_byte_order_mark_is_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "rows.jsonl"
    line = json.dumps(ROW, ensure_ascii=False)
    path.write_bytes(b"\xef\xbb\xbf" + line.encode() + b"\n" + line.encode("latin-1") + b"\n" + line.encode())
    run(path, status=1)
    printed = capsys.readouterr()
    statuses = [json.loads(line)["status"] for line in printed.out.splitlines()]
    assert statuses == ["unparsed", "error", "unparsed"]
    assert re.search(r"rows\.jsonl:2: not UTF-8: .*invalid continuation byte", printed.err)


@pytest.mark.parametrize("context", [{"context": None}, {}])
def test_a_context_that_is_not_there_is_empty(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], context: dict[str, None]
) -> None:
    path = tmp_path / "rows.jsonl"
    row = {name: value for name, value in ROW.items() if name != "context"}
    path.write_text(json.dumps({**row, **context, "answer": "446"}))
    run(path)
    assert json.loads(capsys.readouterr().out) == {
        **row,
        **context,
        "answer": "446",
        "score": 1,
        "strict": 1,
        "status": "ok",
    }


def test_what_is_printed_is_json_by_the_standard(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps({**ROW, "more": "x", "odd": [float("nan")]}).replace('"x"', "[-Infinity, 1e999]"))
    run(path)
    printed = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert (printed["more"], printed["odd"]) == ([None, None], [None])


def test_half_a_surrogate_pair_comes_back_as_it_came(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps({**ROW, "answer": "\ud800 446"}))
    run(path)
    assert json.loads(capsys.readouterr().out)["answer"] == "\ud800 446"


def test_the_release_chooses_the_scorer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "rows.jsonl"
    row = {**ROW, "task": "zebra_puzzle", "ground_truth": "chess", "answer": "it is chess"}
    path.write_text(json.dumps(row) + "\n" + json.dumps({**row, "livebench_release_date": "2024-06-24"}) + "\n")
    run(path)
    assert [json.loads(line)["score"] for line in capsys.readouterr().out.splitlines()] == [1.0, 1.0]


def test_code_is_refused_without_a_sandbox_unless_it_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    one = lcb_generation.generate(1, 1, 1, date(2026, 10, 31))[0]
    context = {"question_text": one.turns[0], **one.extra}
    answer = lcb_generation.oracle_answer(one)
    row = {"task": one.task, "context": context, "ground_truth": one.ground_truth, "answer": answer}
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(row) + "\n")
    monkeypatch.delenv(sandbox.UNSAFE, raising=False)
    monkeypatch.setattr(sandbox, "is_contained", lambda: False)
    with pytest.raises(sandbox.SandboxError, match="model-written code is not run: bwrap is not installed"):
        run(path, "--jobs", "1")
    assert capsys.readouterr().out == ""
    run(path, "--jobs", "1", "--unsafe-code")
    monkeypatch.delenv(sandbox.UNSAFE)
    assert json.loads(capsys.readouterr().out)["strict"] == 1.0


def test_the_number_of_jobs_must_be_positive(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run(Path("rows.jsonl"), "--jobs", "0")
    assert "a positive integer is needed, got '0'" in capsys.readouterr().err
