"""Generate the arithmetic: worked training examples, held-out cases to ask, and their worked texts to score."""

from collections.abc import Iterable

import polars

from modelworks.lm.arithmetic import Case, Problems
from modelworks.lm.stable import write_parquet
from modelworks.stage import Stage

SOURCE = "arithmetic"
TEXTS_PER_LEVEL = 100  # of the held-out cases, whose worked texts are validation text

_OPERANDS = polars.List(polars.Int64)


def main(stage: Stage) -> None:
    """Outputs: train, validation (Parquet: id, source, document, text), cases, training_operands (Parquet).

    The underlying document of a problem is its set of operands: `3,5,7`.
    """
    params = stage.params["k2"]["arithmetic"]
    try:
        problems = Problems(params["levels"], params["held_out_fraction"], stage.seed("operands"))
        cases = problems.cases()
        examples = [problems.example(index) for index in range(len(problems))]
    except ValueError as error:
        raise ValueError(f"params.yaml: k2.arithmetic.levels: {error}") from None
    write_parquet(stage.output("train"), _texts(examples))
    write_parquet(stage.output("validation"), _texts(_first(cases, TEXTS_PER_LEVEL)))
    write_parquet(stage.output("cases"), _cases(cases))
    write_parquet(stage.output("training_operands"), _operands(examples))


def _first(cases: Iterable[Case], count: int) -> list[Case]:
    """The first `count` cases of each level."""
    seen: dict[str, int] = {}
    kept = []
    for case in cases:
        seen[case.level] = seen.get(case.level, 0) + 1
        if seen[case.level] <= count:
            kept.append(case)
    return kept


def _texts(problems: Iterable[Case]) -> polars.DataFrame:
    rows = [(f"{SOURCE}/{one.id}", SOURCE, ",".join(map(str, _sorted(one))), one.text) for one in problems]
    return polars.DataFrame(
        rows, schema=dict.fromkeys(("id", "source", "document", "text"), polars.String), orient="row"
    )


def _cases(cases: Iterable[Case]) -> polars.DataFrame:
    rows = [(f"{SOURCE}/{one.id}", one.level, one.prompt, one.answer, _sorted(one)) for one in cases]
    text = dict.fromkeys(("id", "level", "prompt", "answer"), polars.String)
    return polars.DataFrame(rows, schema={**text, "operands": _OPERANDS}, orient="row")


def _operands(examples: Iterable[Case]) -> polars.DataFrame:
    """The sets of operands of each level that are trained on, each once, in order."""
    found = dict.fromkeys((one.level, tuple(_sorted(one))) for one in examples)
    rows = [(level, list(operands)) for level, operands in sorted(found)]
    return polars.DataFrame(rows, schema={"level": polars.String, "operands": _OPERANDS}, orient="row")


def _sorted(problem: Case) -> list[int]:
    return sorted(problem.operands)
