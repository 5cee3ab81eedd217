"""The contamination section of livebench in params.yaml."""

from pydantic import Field

from modelworks.section import Count, Section, Threads


class Contamination(Section):
    """Which questions count as seen in a model's training corpora, and are left out of its averages.

    Runs of `ngram_words` words: at least the share `most_ngrams` of a question's own. Embeddings of its sentences: a
    mean cosine of at least `embedding_threshold` to a passage of `passage_words` words, to which it is nearer by
    `embedding_margin` than every other question of its task. Of a corpus file at most `most_passages` are embedded.
    Off: nothing is looked for.
    """

    enabled: bool
    ngram_words: int = Field(ge=2, le=100)
    most_ngrams: float = Field(gt=0, le=1)
    embedding_threshold: float = Field(gt=0, le=1)
    embedding_margin: float = Field(ge=0, le=1)
    passage_words: Count
    most_passages: Count
    threads: Threads
