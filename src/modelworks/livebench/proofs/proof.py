"""What a proof says when a question does not have exactly the answer that it claims."""

from modelworks.build.errors import ModelworksError


class ProofError(ModelworksError):
    """A question is not right: which, and why."""

    def __init__(self, question_id: str, reason: str) -> None:
        super().__init__(f"question {question_id}: {reason}")
        self.question_id = question_id
        self.reason = reason
