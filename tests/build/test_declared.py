"""The commands of stages name what their rules declare, or the Snakefile is refused."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from modelworks.build import declared
from modelworks.build.declared import DeclarationError
from tests.build.repository import PROJECT, Repository

RULES = """
rule all:
    input: "artifacts/a.txt"

rule a:
    input: code=code("modelworks.k2.tokens"), text="data/in.txt"
    output: made="artifacts/a.txt", other="artifacts/b.txt"
    log: "logs/a.log"
    params: reads=reads("seed")
    shell:
        "python -m modelworks.build.run MODULE --rule RULE --log LOG --reads READS"
        " --in code {input.code} --in text TEXT --out made MADE --out other {output.other:q}"

check_commands()
"""
RIGHT = {
    "MODULE": "modelworks.k2.tokens",
    "RULE": "a",
    "LOG": "{log}",
    "READS": "{params.reads}",
    "TEXT": "{input.text}",
    "MADE": "{output[0]}",
}
WRONG = {
    "MODULE": (
        "modelworks.k2.corpus",
        "it runs modelworks.k2.corpus: `input:` must hold code=code('modelworks.k2.corpus')",
    ),
    "RULE": ("b", "--rule b must be --rule a"),
    "LOG": ("logs/a.log", "--log logs/a.log must be --log {log}: name the file in `log:`"),
    "READS": ("seed", "--reads seed must be --reads {params.reads}: name the keys in `params: reads=reads(...)`"),
    "TEXT": ("{input.text} data/more.txt", "--in text data/more.txt must be {input.text}: name the path in `input:`"),
    "MADE": ("artifacts/a.txt", "--out made artifacts/a.txt must be {output.made}: name the path in `output:`"),
}


def _rules(words: dict[str, str]) -> str:
    text = RULES
    for name, word in words.items():
        text = text.replace(f" {name}", f" {word}", 1)
    return text


def test_every_way_around_the_declaration_is_named_in_one_error(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "root", git=False)
    repository.rules(_rules({name: word for name, (word, _) in WRONG.items()}))
    done = repository.run("snakemake", "-n", check=False)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    for _, fault in WRONG.values():
        assert f"Snakefile: rule a: {fault}\n" in done.stdout
    assert done.stdout.count("rule a: ") == len(WRONG)


READS = "must be --reads {params.reads}: name the keys in `params: reads=reads(...)`"


@pytest.mark.parametrize(
    ("command", "faults"),
    [
        ("echo it's; python -m modelworks.build.run m", ["its command is not one shell line: No closing quotation"]),
        ("python -m modelworks.build.run2 m", []),
        (
            "RUN a --reads=seed",
            [f"--reads seed {READS}"],
        ),
        ("RUN a --reads={params.reads} --log={log} > out 2> err", []),
        (
            "RUN a --in x {input.x} > f && RUN a --in y data/y",
            ["--in y data/y must be {input.y}: name the path in `input:`"],
        ),
        ("(RUN a --out x {output[0]} | cat); RUN b", ["it runs b: `input:` must hold code=code('b')"]),
    ],
)
def test_every_runner_of_a_line_is_checked_and_no_other_word(command: str, faults: list[str]) -> None:
    inputs = SimpleNamespace(_allitems=lambda: [("code", "artifacts/code/a.json")])
    text = command.replace("RUN", "python -m modelworks.build.run")
    rule = SimpleNamespace(name="a", shellcmd=text, snakefile=None, input=inputs)
    if not faults:
        declared.check([rule])
        return
    with pytest.raises(DeclarationError) as caught:
        declared.check([rule])
    assert str(caught.value).splitlines() == [f"rule a: {fault}" for fault in faults]


def test_a_command_of_what_is_declared_is_let_pass(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "root", git=False)
    repository.rules(_rules(RIGHT))
    assert "rule a" in repository.run("snakemake", "-n").stdout


def test_the_project_checks_its_own_rules() -> None:
    text = (PROJECT / "Snakefile").read_text()
    assert text.rindex("include:") < text.index("check_commands()")
