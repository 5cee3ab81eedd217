"""Byte-level BPE: every byte has a token, so every text encodes without loss and no token is ever unknown."""

import os
from collections.abc import Iterable
from pathlib import Path

from tokenizers import Tokenizer
from tokenizers.decoders import ByteLevel as ByteLevelDecoder
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel, Digits, Sequence
from tokenizers.trainers import BpeTrainer

END_OF_TEXT = "<|endoftext|>"
END_OF_TEXT_ID = 0


def train(texts: Iterable[str], vocab_size: int, min_frequency: int) -> Tokenizer:
    """Train on `texts`; id 0 is `END_OF_TEXT`, ids 1 to 256 are the bytes, the rest are merges (perhaps fewer).

    No merge crosses a digit, so a number is as many tokens as it has digits: sums are learned digit by digit.
    """
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    tokenizer = Tokenizer(BPE())
    tokenizer.pre_tokenizer = Sequence([Digits(individual_digits=True), ByteLevel(add_prefix_space=False)])
    tokenizer.decoder = ByteLevelDecoder()
    trainer = BpeTrainer(
        vocab_size=vocab_size,
        min_frequency=min_frequency,
        special_tokens=[END_OF_TEXT],
        initial_alphabet=sorted(ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def load(path: Path) -> Tokenizer:
    """A tokenizer that reads `END_OF_TEXT` written in a text as plain characters, never as the control token."""
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.encode_special_tokens = True
    return tokenizer
