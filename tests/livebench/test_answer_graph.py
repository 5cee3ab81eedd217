"""Claims about the rules of answering: what hangs on what, and what does not ask an endpoint again."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from modelworks.build import params as params_file
from modelworks.build.compiled import compile_graph
from modelworks.build.params import ParamsError

PROJECT = Path(__file__).parents[2]
RELEASE = "2026-09-30"
ENDPOINT = """
    far:
      kind: endpoint
      url: http://127.0.0.1:9/v1
      model: gpt-4.1
      date: "2026-08-30"
      key_variable: FAR_KEY
      prices: {currency: USD, input: 2.0, output: 8.0}
      most_tokens: 512
      temperature: 0.0
      concurrency: 8
      retries: 5
      timeout_seconds: 120.0
"""
FOLDER = """
    near:
      {kind: local, folder: data/near, prompt: "{question}", chat: true, stop: [], wrap: {}, most_tokens: 64,
       batch_rows: 8, threads: 1}
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / ".dvc").mkdir()
    (tmp_path / "data/near").mkdir(parents=True)
    for file in (PROJECT / "data").iterdir():
        (tmp_path / "data" / file.name).symlink_to(file)
    shutil.copyfile(PROJECT / ".dvc/config", tmp_path / ".dvc/config")
    text = (PROJECT / "params.yaml").read_text(encoding="utf-8")
    assert text.count("\n  models:\n") == 1
    added = f"\n  models:\n{ENDPOINT.strip(chr(10))}\n{FOLDER.strip(chr(10))}\n"
    (tmp_path / "params.yaml").write_text(text.replace("\n  models:\n", added), encoding="utf-8")
    return tmp_path


def jobs(place: Path, model: str, release: str = RELEASE) -> dict[str, tuple[str, dict[str, Any]]]:
    """Command and read values of each job of livebench before a model's answers, by rule: what its key is made of."""
    target = f"artifacts/livebench/answers/{model}/{release}.parquet"
    with compile_graph(PROJECT / "Snakefile", place, frozenset([target])) as compiled:
        return {
            job.rule.name: (str(job.shellcmd), dict(job.params.get("reads") or {}))
            for job in compiled.jobs
            if job.rule.name.startswith("livebench") and job.wildcards_dict.get("release") == release
        }


def edit(place: Path, old: str, new: str) -> None:
    text = (place / "params.yaml").read_text(encoding="utf-8")
    assert text.count(old) == 1
    (place / "params.yaml").write_text(text.replace(old, new), encoding="utf-8")


def test_each_kind_of_model_is_answered_by_its_own_rule(place: Path) -> None:
    before = {"livebench_generate", "livebench_prove"}
    assert set(jobs(place, "far")) == before | {"livebench_ask", "livebench_price"}
    assert set(jobs(place, "near")) == before | {"livebench_folder"}
    assert set(jobs(place, "oracle")) == before | {"livebench_reference"}
    with compile_graph(PROJECT / "Snakefile", place) as compiled:
        last = max(job.wildcards_dict["segment"] for job in compiled.jobs if job.rule.name == "k2_train")
    assert set(jobs(place, f"k2-{last}")) == before | {"livebench_k2"}


def test_an_endpoint_is_asked_again_for_another_address_model_date_or_request(place: Path) -> None:
    command, values = jobs(place, "far")["livebench_ask"]
    assert values == {
        "livebench.models.far.url": "http://127.0.0.1:9/v1",
        "livebench.models.far.model": "gpt-4.1",
        "livebench.models.far.date": "2026-08-30",
        "livebench.models.far.most_tokens": 512,
        "livebench.models.far.temperature": 0.0,
    }
    assert "FAR_KEY" not in command
    assert "--secret livebench.models.far.key_variable --in" in command


def test_how_an_endpoint_is_asked_and_what_it_costs_do_not_ask_it_again(place: Path) -> None:
    before = jobs(place, "far")
    for old, new in (
        ("FAR_KEY", "OTHER_KEY"),
        ("concurrency: 8", "concurrency: 9"),
        ("retries: 5", "retries: 6"),
        ("timeout_seconds: 120.0", "timeout_seconds: 60.0"),
        ("most_errors: 0.05", "most_errors: 0.06"),
        ("input: 2.0", "input: 3.0"),
    ):
        edit(place, old, new)
    after = jobs(place, "far")
    assert after["livebench_ask"] == before["livebench_ask"]
    assert after["livebench_price"] != before["livebench_price"]
    edit(place, '"2026-08-30"', '"2026-08-31"')
    assert jobs(place, "far")["livebench_ask"] != before["livebench_ask"]


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("    far:", "    far.4:", "'far.4' must be letters, digits, '_' and '-': it names a folder, and a dotted key"),
        ("folder: data/near", "folder: ../near", ".near.folder: String should match pattern"),
        (
            "9/v1",
            "9/v1?key=s3cret",
            ".far.url: must be http:// or https:// and a place, without user, password or query",
        ),
        ("http://", "http://me:s3cret@", ".far.url: must be http:// or https:// and a place, without user"),
        ("FAR_KEY", "sk-s3cret", ".far.key_variable: must name an environment variable in capitals; the key itself"),
        ("concurrency: 8", "concurrency: 0", ".far.concurrency: Input should be greater than or equal to 1, got 0"),
    ],
)
def test_a_model_that_cannot_be_is_named(place: Path, old: str, new: str, text: str) -> None:
    edit(place, old, new)
    with pytest.raises(ParamsError) as error:
        params_file.read(place / "params.yaml")
    assert text in str(error.value) and "s3cret" not in str(error.value)
