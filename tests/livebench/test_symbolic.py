import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from modelworks.livebench.judgment import Judgment
from modelworks.livebench.scorers import amps_hard, integrals_with_game, symbolic

TOWER = "9^{9^{9^{9^{9}}}}"


@pytest.fixture(autouse=True)
def _alone() -> Iterator[None]:
    yield
    symbolic.end()


def quickly(answer: str) -> Judgment:
    """The judgment of a box of AMPS Hard with a tenth of the time: also run in other processes."""
    whole = symbolic.compatible, symbolic.equal
    symbolic.compatible = lambda *arguments: whole[0](*arguments, 0.5)  # type: ignore[assignment]
    symbolic.equal = lambda *arguments: whole[1](*arguments, 0.5)  # type: ignore[assignment]
    try:
        return amps_hard.score(f"\\boxed{{{answer}}}", "\\sqrt{2}", {})
    finally:
        symbolic.compatible, symbolic.equal = whole


@pytest.mark.parametrize("answer", [TOWER, "200000000!", "(x+1)^{100000}", "x" * 5001])
def test_an_expression_that_takes_too_long_is_a_timeout(answer: str) -> None:
    assert quickly(answer) == Judgment(None, 0.0, "timeout")


def test_after_a_timeout_the_next_comparison_is_made() -> None:
    assert quickly(TOWER).status == "timeout"
    assert quickly("\\frac{2}{\\sqrt{2}}") == Judgment(1.0, 1.0, "ok")


def test_a_process_that_dies_is_a_timeout_and_another_takes_its_place() -> None:
    assert symbolic.equal("x", "x+0", False)
    process = symbolic._idle.get()
    symbolic._idle.put(process)
    process.process.kill()
    process.process.wait()
    with pytest.raises(symbolic.OutOfLimits):
        symbolic.equal("x", "x+1-1", False)
    assert symbolic.equal("x", "x+2-2", False)


def test_what_was_compared_is_remembered() -> None:
    assert symbolic.equal("y", "2y-y", False)
    symbolic.end()
    assert symbolic.equal("y", "2y-y", False)
    assert symbolic._idle.empty()


def test_no_process_is_started_for_numbers() -> None:
    amps_hard.score("$\\boxed{\\frac12}$", "\\frac{1}{2}", {})
    for answer in ("0.5", "1/2", "\\frac{1}{2}", "-3", "2"):
        amps_hard.score(f"$\\boxed{{{answer}}}$", "\\frac{1}{2}", {})
        integrals_with_game.score(f"<solution>{answer}</solution>", "1/2", {})
    assert symbolic._idle.empty()


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_the_limit_holds_under_other_start_methods(method: str) -> None:
    with multiprocessing.get_context(method).Pool(1) as pool:
        assert pool.apply(quickly, (TOWER,)).status == "timeout"
        assert pool.apply(quickly, ("\\sqrt{2}",)) == Judgment(1.0, 1.0, "ok")


def test_threads_have_processes_of_their_own() -> None:
    with ThreadPoolExecutor(2) as threads:
        found = list(threads.map(quickly_equal, [f"z+{n}-{n}" for n in range(8)]))
    assert found == [True] * 8


def quickly_equal(answer: str) -> bool | None:
    return symbolic.equal("z", answer, False)  # type: ignore[no-any-return]


def test_a_process_that_a_fork_inherits_is_left_to_its_parent() -> None:
    assert symbolic.equal("w", "w+1-1", False)
    process = symbolic._idle.get()
    process.owner = os.getpid() + 1
    symbolic._idle.put(process)
    assert symbolic._take() is None
    process.end()


def test_the_process_sees_no_secrets_and_has_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    process = symbolic._Process()
    environment = Path(f"/proc/{process.process.pid}/environ").read_bytes()
    limits = Path(f"/proc/{process.process.pid}/limits").read_text()
    process.end()
    assert b"secret" not in environment
    assert "Max address space         2147483648" in limits


def test_a_process_that_does_not_start_is_an_error_not_a_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/bin/false")
    with pytest.raises(
        symbolic.SymbolicError,
        match=r"cannot be compared: the process has died at its start: run python -m modelworks\..*symbolic_worker",
    ):
        amps_hard.score("$v$", "v+1-1", {})
