"""The proof of the task story_generation: that of all instruction following."""

from modelworks.livebench.proofs.instruction_following import prove_instructions as prove

__all__ = ["prove"]
