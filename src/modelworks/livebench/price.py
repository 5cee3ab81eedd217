"""Say what an endpoint's answers cost: apart from asking, since a changed price is no reason to ask again."""

from collections.abc import Mapping
from dataclasses import replace

from modelworks.livebench import answer
from modelworks.livebench.answer import Answer
from modelworks.stage import Stage

_TOKENS = 1_000_000


def main(stage: Stage) -> None:
    """Inputs: replies. Args: key (the model's key in params.yaml). Outputs: answers, each with its cost."""
    prices = stage.params["livebench"]["models"][stage.args["key"]]["prices"]
    answers = [replace(one, cost=cost(one, prices)) for one in answer.read(stage.input("replies"))]
    answer.write(stage.output("answers"), answers)


def cost(one: Answer, prices: Mapping[str, float]) -> float | None:
    """In the currency of `prices`, which are of a million tokens; None where tokens were not counted."""
    if one.prompt_tokens is None or one.completion_tokens is None:
        return None
    return (one.prompt_tokens * prices["input"] + one.completion_tokens * prices["output"]) / _TOKENS
