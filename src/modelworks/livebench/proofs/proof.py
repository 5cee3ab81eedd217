"""What a proof raises."""

from modelworks.build.errors import ModelworksError


class ProofError(ModelworksError):
    """A question does not have exactly the answer that it is said to have."""

    def __init__(self, question_id: str, reason: str) -> None:
        super().__init__(f"{question_id}: {reason}")
        self.question_id = question_id
        self.reason = reason
