"""k2: transparent pretraining, from raw text to a release whose every step is measured on held-out text."""

from modelworks.k2 import segments as k2_chain

K2_RUN = reads("k2.run")["k2.run"]
K2_SHARDS = [
    f"{number:03d}" for number in range(reads("k2.corpus.shards")["k2.corpus.shards"])
]
K2_TEXTS = [*K2_SHARDS, "arithmetic", "questions"]
K2_CHUNKS = k2_chain.chunk_names(K2_RUN)
K2_SEGMENTS = {
    segment.name: segment
    for segment in k2_chain.segments(
        K2_RUN, reads("k2.order")["k2.order"], reads("k2.train")["k2.train"]
    )
}
K2_CHECKPOINTS = list(K2_SEGMENTS)


wildcard_constraints:
    part="train|validation",
    text="[0-9]{3}|arithmetic|questions",
    shard="[0-9]{3}",
    bucket="[0-9]{3}",
    chunk="[0-9]{2}[0-9]+",
    segment="[0-9]{2}[0-9]+(-of-[0-9]+)?",
    checkpoint="[0-9]{2}[0-9]+(-of-[0-9]+)?",


include: "k2_corpus.smk"
include: "k2_generate.smk"
include: "k2_train.smk"
include: "k2_measure.smk"
include: "k2_release.smk"
include: "k2_spikes.smk"
# After the release, which holds the code of the rules before it: these make no part of it.
include: "k2_score.smk"


rule k2:
    """Everything that k2 makes: corpus, tokenizer, order, checkpoints, what is measured of them, the release."""
    input:
        "artifacts/k2/corpus/report.json",
        "artifacts/k2/corpus/overlap.json",
        "artifacts/k2/longitudinal.html",
        "artifacts/k2/gallery.html",
        "artifacts/k2/metrics.json",
        "artifacts/k2/results.csv",
        "artifacts/k2/spikes.json",
        "artifacts/k2/release",
