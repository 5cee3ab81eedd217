"""A stage's command says what its rule declares: every path and key in it is one that Snakemake, DVC and the key know.

The runner opens to a stage what its command line names. A path or a key spelled out there would be read without being
in the key: an edit of it would rebuild nothing.
"""

import os
import re
import shlex
from collections.abc import Iterable, Iterator
from typing import Any

from modelworks.build.errors import ModelworksError
from modelworks.build.fingerprint import DIRECTORY

_RUNNER = "modelworks.build.run"
_PLACES = {"--in": "input", "--out": "output"}


class DeclarationError(ModelworksError):
    """Commands of stages that differ from what their rules declare; the text holds one line for each fault."""


def check(rules: Iterable[Any]) -> None:
    """Check the command of every rule that runs a stage. Raises DeclarationError with every fault."""
    faults = []
    for rule in rules:
        if rule.shellcmd and _RUNNER in rule.shellcmd:
            place = (
                f"{os.path.relpath(rule.snakefile)}: rule {rule.name}: " if rule.snakefile else f"rule {rule.name}: "
            )
            faults += [place + fault for fault in _faults(rule)]
    if faults:
        raise DeclarationError("\n".join(faults))


def _faults(rule: Any) -> Iterator[str]:
    try:
        commands = _simple_commands(rule.shellcmd)
    except ValueError as error:
        yield f"its command is not one shell line: {error}"
        return
    for words in commands:
        if _RUNNER in words:
            yield from _runner_faults(rule, words[words.index(_RUNNER) + 1 :])


def _simple_commands(text: str) -> list[list[str]]:
    """The words of each simple command of a shell line, `--option=value` as two, redirections left out."""
    lexer = shlex.shlex(text, posix=True, punctuation_chars=True)
    lexer.whitespace_split, lexer.commenters = True, ""
    commands: list[list[str]] = [[]]
    redirected = False
    for word in lexer:
        if set(word) <= set("();<>|&"):
            redirected = not {"<", ">"}.isdisjoint(word)
            if not redirected:
                commands.append([])
            elif commands[-1][-1:] and commands[-1][-1].isdigit():
                commands[-1].pop()  # of `2> file`
        elif redirected:
            redirected = False
        else:
            commands[-1] += word.split("=", 1) if re.match(r"--\w+=", word) else [word]
    return commands


def _runner_faults(rule: Any, after: list[str]) -> Iterator[str]:
    yield from _code_faults(rule, after[0] if after else "")
    option, values = "", list[str]()
    for word in (*after[1:], "--"):
        if word.startswith("--"):
            yield from _option_faults(rule, option, values)
            option, values = word, []
        else:
            values.append(word)


def _code_faults(rule: Any, module: str) -> Iterator[str]:
    wanted = f"{DIRECTORY}/{module}.json"
    found = dict(rule.input._allitems()).get("code")
    if found is None or os.path.normpath(str(found)) != wanted:
        yield f"it runs {module}: `input:` must hold code=code({module!r})"


def _option_faults(rule: Any, option: str, values: list[str]) -> Iterator[str]:
    if option in _PLACES:
        kind, name = _PLACES[option], values[0] if values else "NAME"
        for value in values[1:]:
            if not re.fullmatch(rf"\{{{kind}(\.\w+|\[\w+\])?(:q)?\}}", value):
                yield f"{option} {name} {value} must be {{{kind}.{name}}}: name the path in `{kind}:`"
    elif option == "--reads" and values != ["{params.reads}"]:
        shown = " ".join(values)
        yield f"--reads {shown} must be --reads {{params.reads}}: name the keys in `params: reads=reads(...)`"
    elif option == "--log" and values != ["{log}"]:
        yield f"--log {' '.join(values)} must be --log {{log}}: name the file in `log:`"
    elif option == "--rule" and values not in ([rule.name], ["{rule}"]):
        yield f"--rule {' '.join(values)} must be --rule {rule.name}"
