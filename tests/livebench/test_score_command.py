import argparse
import json
from datetime import date
from pathlib import Path

import pytest

from modelworks.commands import livebench_score
from modelworks.livebench import sandbox
from modelworks.livebench.generators import lcb_generation
from modelworks.livebench.scorers import rows

ROW = {"task": "aime_i", "context": {}, "ground_truth": "446", "answer": "not 446", "score": 0.0, "more": "é"}


def run(path: Path, *options: str) -> None:
    parser = argparse.ArgumentParser()
    livebench_score.add_arguments(parser)
    chosen = parser.parse_args([str(path), *options])
    assert chosen.run(chosen) == 0


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
        (json.dumps({**ROW, "task": 3}), r"rows\.jsonl:2: task must be text, got 3"),
        (json.dumps({**ROW, "context": []}), r"rows\.jsonl:2: context must be an object, got \[\]"),
        (json.dumps({**ROW, "task": "chess"}), r"rows\.jsonl:2: task chess: no scorer of that name; known: "),
        (
            json.dumps({**ROW, "livebench_release_date": "soon"}),
            r"rows\.jsonl:2: livebench_release_date must be a date YYYY-MM-DD, got 'soon'",
        ),
    ],
)
def test_a_row_that_cannot_be_scored_is_named(tmp_path: Path, row: str, message: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(f"{json.dumps(ROW)}\n{row}\n")
    with pytest.raises(rows.RowError, match=message):
        run(path)


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
