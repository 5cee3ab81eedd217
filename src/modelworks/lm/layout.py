"""Where the words, paragraphs and texts of a batch lie in one stretch of bytes, so that all are hashed at once."""

from collections.abc import Sequence

import numpy

from modelworks.lm.words import find_words


class Layout:
    """Texts, each a list of paragraphs (at least one, none blank, none with a blank line), laid out one after another.

    `words`: the hash of each word. `first_words`: of each paragraph, `first_paragraphs`: of each text, `sizes`: the
    UTF-8 bytes of each paragraph.
    """

    def __init__(self, texts: Sequence[Sequence[str]]) -> None:
        content = "\n\n".join("\n\n".join(text) for text in texts).encode()
        data = numpy.frombuffer(content, dtype=numpy.uint8)
        breaks = numpy.flatnonzero((data[:-1] == 10) & (data[1:] == 10))
        begins = numpy.concatenate([[0], breaks + 2])[: None if len(data) else 0]
        found = find_words(content)
        self.words = found.hashes
        self.sizes = numpy.diff(begins, append=len(data) + 2) - 2
        self.first_words = numpy.searchsorted(found.starts, begins)
        self.counts = numpy.array([len(text) for text in texts], dtype=numpy.int64)
        self.first_paragraphs = numpy.cumsum(self.counts) - self.counts

    @property
    def text_words(self) -> numpy.ndarray:
        """The first word of each text."""
        return self.first_words[self.first_paragraphs]
