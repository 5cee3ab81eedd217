"""What params.yaml may be, what is said where it is not, and who gets which values."""

import math
import os
import random
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dvc.utils.serialize import loads_yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import create_model

from modelworks import cli
from modelworks.build import disallowed, params, plain_yaml
from modelworks.build.allowed import keys
from modelworks.build.params import ParamsError
from modelworks.schema import Params
from tests.build.repository import PROJECT, RULES, Repository

TEXT = (PROJECT / "params.yaml").read_text()
EXAMPLES = 20_000 if os.environ.get("MODELWORKS_SOAK") else 400
RATE = next(line for line in TEXT.splitlines() if line.strip().startswith("learning_rate:"))


def faults(text: str | bytes, tmp_path: Path) -> list[str]:
    """The lines of the error that a params.yaml gives."""
    path = tmp_path / "params.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ParamsError) as caught:
        params.read(path)
    return [
        line.replace(f"{path}: ", "params.yaml: ").replace(f"{path}:", "params.yaml:") for line in caught.value.faults
    ]


def with_rate(value: str) -> str:
    """params.yaml with another text for the learning rate."""
    return TEXT.replace(RATE, f"    learning_rate: {value}", 1)


# Values are what DVC sees

SCALARS = """1e-3 1E5 1e+3 12e03 -1.5e-7 .5 5. 1_000 0x1F 0o17 017 08 0b11 +1 -0 1_0.5 yes no on off y n True TRUE false
    tRUE null Null ~ 1:30 1.e+3 .5e3 .5e-3 1e 1.5e a1 0o9 1__0 .inf -.INF .nan 2020-01-01 2020-1-1 . .. - -. -_1 ._ = <<
    2001-12-14t21:59:43.10-05:00 0x 1e5_0 12345678901234567890123 1e400 'quoted' "1e-3" '5' a:b a#b -a ?a :a"""
REFUSED = {".inf", "-.INF", ".nan", "1e400", "2020-01-01", "2020-1-1", "2001-12-14t21:59:43.10-05:00"}
REFUSED |= {"._", "=", "<<", "-"}


def same(one: Any, other: Any) -> bool:
    """Equal in value and in type."""
    return repr(one) == repr(other)


def test_every_scalar_is_what_dvc_reads_or_a_fault() -> None:
    equal, refused = [], []
    for text in SCALARS.split():
        document = plain_yaml.parse(f"a: {text}\n")
        if document.faults:
            refused.append(text)
            continue
        assert same(document.data["a"], loads_yaml(f"a: {text}\n")["a"]), text
        equal.append(text)
    assert set(refused) == REFUSED
    assert len(equal) >= 50


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(st.text("0123456789+-._eExob:~nulatrfsyNIF", min_size=1, max_size=8))
def test_generated_scalars_are_what_dvc_reads_or_a_fault(text: str) -> None:
    document = plain_yaml.parse(f"a: {text}\n")
    if not document.faults:
        assert same(document.data, loads_yaml(f"a: {text}\n"))


@pytest.mark.parametrize("name", ["params.yaml", "presets/smoke.yaml", "presets/paper.yaml"])
def test_our_files_are_what_dvc_reads(name: str) -> None:
    assert same(params.load(PROJECT / name), loads_yaml((PROJECT / name).read_text()))


# One error, a line for each fault


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("fast", "must be a number > 0 and <= 1, got 'fast'"),
        ("'5'", "must be a number > 0 and <= 1, got '5'"),
        ("true", "must be a number > 0 and <= 1, got true"),
        ("0", "must be a number > 0 and <= 1, got 0"),
        ("null", "must be a number > 0 and <= 1, got null"),
        ("", "must be a number > 0 and <= 1, got null"),
        ("[1]", "must be a number > 0 and <= 1, got [1]"),
        ("{a: 1}", "must be a number > 0 and <= 1, got a mapping with the keys a"),
        (".nan", "must be a finite number, got .nan"),
        ("2020-01-01", "must not be a date; quote it to make it text, got 2020-01-01"),
        ("&x 0.1", "must be written out where it is used, found the anchor &x"),
        ("*x", "must be written out, found the alias *x"),
        ("!!float 1", "must have no tag, found tag:yaml.org,2002:float"),
        (
            "!!python/object/apply:os.system [id]",
            "must have no tag, found tag:yaml.org,2002:python/object/apply:os.system",
        ),
    ],
)
def test_a_bad_value_names_file_key_what_is_allowed_and_what_was_found(value: str, line: str, tmp_path: Path) -> None:
    assert faults(with_rate(value), tmp_path) == [f"params.yaml: k2.train.learning_rate {line}"]


def test_an_unknown_key_comes_with_the_nearest_known_one(tmp_path: Path) -> None:
    lines = faults(TEXT.replace("    learning_rate:", "    lerning_rate:", 1), tmp_path)
    assert lines == [
        "params.yaml: k2.train.learning_rate is missing: it must be a number > 0 and <= 1",
        "params.yaml: k2.train.lerning_rate is not a known key; the nearest known key is k2.train.learning_rate",
    ]


def test_a_key_in_the_wrong_section_is_told_the_right_one(tmp_path: Path) -> None:
    lines = faults(TEXT + "learning_rate: 0.1\n", tmp_path)
    assert lines == ["params.yaml: learning_rate is not a known key; the nearest known key is k2.train.learning_rate"]


def test_all_faults_come_in_one_error(tmp_path: Path) -> None:
    text = with_rate("fast").replace("seed:", "sed:").replace("vocab_size: 1024", "vocab_size: 2020-01-01")
    text += "k2: 5\n"
    assert [line.split(" must")[0].split(" is")[0] for line in faults(text, tmp_path)] == [
        "params.yaml: k2.tokenizer.vocab_size",
        "params.yaml: k2",
        "params.yaml: seed",
        "params.yaml: sed",
    ]


def test_a_fault_between_two_keys_names_their_section(tmp_path: Path) -> None:
    text = re.sub("    batch_tokens: .*", "    batch_tokens: 3000", TEXT)
    line = "params.yaml: k2.train: batch_tokens must be a multiple of ranks x micro_batch_tokens = 2048"
    assert faults(text, tmp_path) == [line]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"", "params.yaml: must be a mapping of keys to values, got an empty file"),
        (b"[1, 2]", "params.yaml: must be a mapping of keys to values, got [1, 2]"),
        (b"5", "params.yaml: must be a mapping of keys to values, got 5"),
        (b"a: \xff", "params.yaml: line 1 (a): must be UTF-8, found byte 0xff"),
        (b"a: 1\nb: \x00", "params.yaml: line 2 (b): must not hold U+0000"),
        (b"%YAML 1.1\n---\na: 1", "params.yaml: must have no % directive"),
        (b"a: 1\n---\nb: 1", "params.yaml: must be one YAML document, found a second `---`"),
        (b"k2:\n  seed: [1\nb: 2", "params.yaml: after k2.seed[0], line 3: not valid YAML: "),
        (b"a: " + b"[" * 5000, "params.yaml: a[0][0][0] must be nested at most 20 deep"),
        (b"a: 'x" + b"y" * 1_000_000, "params.yaml: must be at most 1000000 bytes long, has 1000005"),
        (b"? [1]\n: 2", "params.yaml: must have plain text keys, found another kind of key on line 1"),
        (b"1: 2", "params.yaml: 1 must be text, as every key; quote it"),
    ],
)
def test_a_text_that_is_no_params_file(content: bytes, line: str, tmp_path: Path) -> None:
    assert faults(content, tmp_path)[0].startswith(line)


def test_a_billion_laughs_are_refused_at_once(tmp_path: Path) -> None:
    lines = ["a0: &a0 [1, 1]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30))]
    start = time.perf_counter()
    assert "params.yaml: a1[0] must be written out, found the alias *a0" in faults("\n".join(lines), tmp_path)
    assert time.perf_counter() - start < 2


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ParamsError) as caught:
        params.read(tmp_path / "params.yaml")
    assert str(caught.value) == f"{tmp_path / 'params.yaml'}: cannot be read: No such file or directory"


# 200 generated bad files

LEAVES = [path for path, info in keys(Params) if params.lookup(params.load(PROJECT / "params.yaml"), path) is not None]
# Levels, sources and their like have names that the schema leaves open.
KNOWN = {path[-1] for path, _ in keys(Params)}
WRONG = ["fast", "[]", "[[1]]", "{}", "{a: {b: 1}}", ".nan", "-.inf", "1e999", "2020-01-01", "!!binary eA==", "*a", "-"]
WRONG += [
    "'",
    '"\\x"',
    "{",
    "[1",
    "@",
    "`a`",
    "%a",
    "\x07",
    "a: b: c",
    "? a",
    "true",
    "-1e30",
    "'\ud800'",
    "&a &b 1",
    "|-",
]


def broken(chance: random.Random) -> tuple[bytes, str]:
    """A params.yaml with one fault, and the last part of the key that it is in."""
    lines = TEXT.splitlines()
    at = chance.choice([n for n, line in enumerate(lines) if line.split(":")[0].strip() in KNOWN])
    indent, key = lines[at][: len(lines[at]) - len(lines[at].lstrip())], lines[at].split(":")[0].strip()
    edits: dict[str, Callable[[], list[str]]] = {
        "value": lambda: [f"{indent}{key}: {chance.choice(WRONG)}"],
        "unknown": lambda: [f"{indent}{key}x: 1", lines[at]],
        "twice": lambda: [f"{indent}{key}: 1", lines[at]],
        "missing": lambda: [],
        "item": lambda: [f"{indent}- {key}"],
        "tab": lambda: [f"{indent}{key}:\t\t- 1"],
        "byte": lambda: [f"{indent}{key}: \udcff"],
    }
    lines[at : at + 1] = edits[chance.choice(sorted(edits))]()
    return "\n".join(lines).encode("utf-8", "surrogateescape" if "\udcff" in "".join(lines) else "surrogatepass"), key


@pytest.mark.parametrize("seed", range(1000 if os.environ.get("MODELWORKS_SOAK") else 200))
def test_a_generated_bad_file_gives_an_error_that_names_it_and_no_traceback(
    seed: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content, key = broken(random.Random(seed))
    path = tmp_path / "params.yaml"
    path.write_bytes(content)
    if _is_valid_after_all(content):
        pytest.fail(f"{key}: the generator made a good file:\n{content.decode()}")
    assert cli.main(["params", str(path)]) == 1
    printed = capsys.readouterr().err
    assert "Traceback" not in printed
    assert str(path) in printed
    assert key in printed or "line " in printed


def _is_valid_after_all(content: bytes) -> bool:
    try:
        Params.model_validate(loads_yaml(content.decode()))
    except Exception:
        return False
    return True


# Who gets what


def test_a_rule_gets_the_keys_it_names_and_no_others() -> None:
    values = params.read(PROJECT / "params.yaml")
    reads = params.reads(values, "seed", "k2.tokenizer")
    assert reads == {"seed": values["seed"], "k2.tokenizer": values["k2"]["tokenizer"]}
    assert str(reads) == f"{reads}" == "k2.tokenizer seed"


def test_what_snakemake_compares_changes_with_the_values_of_named_keys_only() -> None:
    values = params.read(PROJECT / "params.yaml")
    edited = params.overlay(values, {"k2": {"train": {"warmup_steps": 1000}}})
    for key, is_reader in (
        ("k2.train", True),
        ("k2.train.warmup_steps", True),
        ("k2.tokenizer", False),
        ("seed", False),
    ):
        assert (repr(params.reads(values, key)) != repr(params.reads(edited, key))) is is_reader


def test_a_rule_that_names_an_unknown_key_is_told_the_nearest() -> None:
    with pytest.raises(ParamsError) as caught:
        params.reads(params.read(PROJECT / "params.yaml"), "k2.tokeniser", "seed", "k2.train.warmup_stepz")
    assert caught.value.faults == (
        "params.yaml: 'k2.tokeniser', named in reads(), is not a known key; the nearest known key is k2.tokenizer",
        "params.yaml: 'k2.train.warmup_stepz', named in reads(), is not a known key; "
        "the nearest known key is k2.train.warmup_steps",
    )


def test_an_overlay_merges_sections_and_replaces_the_rest() -> None:
    base = {"a": {"b": 1, "c": [1, 2]}, "d": None, "e": {"f": 1}}
    assert params.overlay(base, {"a": {"c": [3]}, "d": {"x": 1}, "e": None}) == {
        "a": {"b": 1, "c": [3]},
        "d": {"x": 1},
        "e": None,
    }
    assert base["a"] == {"b": 1, "c": [1, 2]}


def test_a_setting_is_yaml_1_2() -> None:
    assert params.setting("k2.train.learning_rate=1e-3") == (("k2", "train", "learning_rate"), 0.001)
    assert params.setting("k2.corpus.files=[a.txt]") == (("k2", "corpus", "files"), ["a.txt"])
    with pytest.raises(ParamsError, match=r"^--set k2: must be KEY=VALUE, with a dotted key of params.yaml$"):
        params.setting("k2")
    with pytest.raises(ParamsError, match=r"^--set seed: seed must be a finite number, got .nan$"):
        params.setting("seed=.nan")


def test_structural_keys_are_those_the_schema_marks() -> None:
    marked = params.structural(params.read(PROJECT / "params.yaml"))
    assert marked["k2.run.decay_chunks"] == 6
    assert "k2.train.warmup_steps" not in marked


def test_every_number_has_bounds_and_every_key_is_described() -> None:
    from modelworks.build.allowed import describe

    described = {plain_yaml.dotted(path): describe(info.annotation, info.metadata) for path, info in keys(Params)}
    assert len(described) > 30
    assert [key for key, text in described.items() if text in ("an integer", "a number")] == []
    assert math.isfinite(len(max(described.values(), key=len)))


# Through Snakemake


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A small repository; its params.yaml is put back by the tests."""
    return Repository(tmp_path_factory.mktemp("params"), git=False)


def test_the_snakefile_shows_all_faults_and_no_traceback(repository: Repository) -> None:
    good = (repository.root / "params.yaml").read_text()
    repository.write("params.yaml", with_rate("fast").replace("seed:", "sed:"))
    done = repository.run("snakemake", "-n", check=False)
    repository.write("params.yaml", good)
    assert done.returncode != 0
    assert (
        "params.yaml: k2.train.learning_rate must be a number > 0 and <= 1, got 'fast'\n" in done.stdout + done.stderr
    )
    assert "params.yaml: sed is not a known key; the nearest known key is seed" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize("given", ["config", "configfile"])
def test_values_on_the_command_line_are_refused(given: str, repository: Repository) -> None:
    other = repository.write("other.yaml", "k2: 1\n")
    option = ["--config", "seed=5"] if given == "config" else ["--configfile", other]
    done = repository.run("snakemake", "-n", *option, check=False)
    assert done.returncode != 0
    assert "values on the command line would bypass params.yaml" in done.stdout + done.stderr
    assert "modelworks workspace create DIR --set KEY=VALUE" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("call", "line"),
    [
        (
            'reads("k2.trian")',
            "params.yaml: 'k2.trian', named in reads(), is not a known key; the nearest known key is k2.train",
        ),
        ('code("modelworks.k2.tokeniser")', "code('modelworks.k2.tokeniser'): there is no such module"),
    ],
)
def test_a_mistake_in_a_rule_is_an_error_without_traceback(call: str, line: str, repository: Repository) -> None:
    repository.rules(RULES + f"\n{call}\n")
    done = repository.run("snakemake", "-n", check=False)
    repository.rules(RULES)
    assert done.returncode != 0
    assert line in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_a_fault_inside_a_list_shows_the_value_that_is_there() -> None:
    model = create_model("Rows", rows=(list[dict[str, int]], ...))
    _, found = disallowed.model_faults({"rows": [{"n": 1}, {"n": "x"}]}, model)
    assert [(fault.path, fault.text.rpartition(", ")[2]) for fault in found] == [(("rows", 1, "n"), "got 'x'")]
