"""k2: the corpus, read, deduplicated, split and cut in shards, and its tokenizer."""

# Sources in the order of their names: the order of a YAML mapping decides nothing.
K2_FILES = [
    file
    for _, files in sorted(reads("k2.corpus.files")["k2.corpus.files"].items())
    for file in files
]


rule k2_read:
    """Read one share of the documents of all sources, and write what finds their copies."""
    input:
        code=code("modelworks.k2.read"),
        data=K2_FILES,
    output:
        text="artifacts/k2/corpus/text/{shard}.parquet",
        documents="artifacts/k2/corpus/documents/{shard}.parquet",
        paragraphs="artifacts/k2/corpus/paragraphs/{shard}.parquet",
        bands="artifacts/k2/corpus/bands/{shard}.parquet",
    log:
        "logs/k2_read/{shard}.log",
    threads: 1
    resources:
        mem_mb=1000,
    params:
        reads=reads(
            "k2.corpus.files",
            "k2.corpus.dataset",
            "k2.corpus.text_column",
            "k2.corpus.id_column",
            "k2.corpus.shards",
            "k2.corpus.near.shingle_words",
            "k2.corpus.near.permutations",
            "k2.corpus.near.bands",
        ),
    shell:
        "python -m modelworks.build.run modelworks.k2.read --rule k2_read --log {log} --reads {params.reads}"
        " --in code {input.code}"
        + (" --in data {input.data:q}" if K2_FILES else "")
        + ""
        " --arg shard={wildcards.shard}"
        " --out text {output.text} --out documents {output.documents} --out paragraphs {output.paragraphs}"
        " --out bands {output.bands}"


rule k2_near:
    """Find the near duplicates among the documents that share a band of one bucket."""
    input:
        code=code("modelworks.k2.near"),
        bands=expand("artifacts/k2/corpus/bands/{shard}.parquet", shard=K2_SHARDS),
        documents=expand(
            "artifacts/k2/corpus/documents/{shard}.parquet", shard=K2_SHARDS
        ),
    output:
        pairs="artifacts/k2/corpus/pairs/{bucket}.parquet",
    log:
        "logs/k2_near/{bucket}.log",
    threads: 1
    resources:
        mem_mb=1000,
    params:
        reads=reads(
            "k2.corpus.shards",
            "k2.corpus.near.permutations",
            "k2.corpus.near.threshold",
        ),
    shell:
        "python -m modelworks.build.run modelworks.k2.near --rule k2_near --log {log} --reads {params.reads}"
        " --in code {input.code} --in bands {input.bands} --in documents {input.documents}"
        " --arg bucket={wildcards.bucket}"
        " --out pairs {output.pairs}"


rule k2_clusters:
    """Choose the documents to remove: all but the first of each cluster of copies."""
    input:
        code=code("modelworks.k2.clusters"),
        documents=expand(
            "artifacts/k2/corpus/documents/{shard}.parquet", shard=K2_SHARDS
        ),
        pairs=expand("artifacts/k2/corpus/pairs/{bucket}.parquet", bucket=K2_SHARDS),
    output:
        removed="artifacts/k2/corpus/removed.parquet",
    log:
        "logs/k2_clusters.log",
    threads: 1
    resources:
        mem_mb=1000,
    shell:
        "python -m modelworks.build.run modelworks.k2.clusters --rule k2_clusters --log {log}"
        " --in code {input.code} --in documents {input.documents} --in pairs {input.pairs}"
        " --out removed {output.removed}"


rule k2_repeats:
    """Find the paragraphs of one bucket that an earlier document has."""
    input:
        code=code("modelworks.k2.repeats"),
        paragraphs=expand(
            "artifacts/k2/corpus/paragraphs/{shard}.parquet", shard=K2_SHARDS
        ),
        removed="artifacts/k2/corpus/removed.parquet",
    output:
        repeats="artifacts/k2/corpus/repeats/{bucket}.parquet",
    log:
        "logs/k2_repeats/{bucket}.log",
    threads: 1
    resources:
        mem_mb=1000,
    params:
        reads=reads("k2.corpus.shards"),
    shell:
        "python -m modelworks.build.run modelworks.k2.repeats --rule k2_repeats --log {log} --reads {params.reads}"
        " --in code {input.code} --in paragraphs {input.paragraphs} --in removed {input.removed}"
        " --arg bucket={wildcards.bucket}"
        " --out repeats {output.repeats}"


rule k2_split:
    """Give each document its part, and count what each deduplication has left."""
    input:
        code=code("modelworks.k2.split"),
        documents=expand(
            "artifacts/k2/corpus/documents/{shard}.parquet", shard=K2_SHARDS
        ),
        removed="artifacts/k2/corpus/removed.parquet",
        repeats=expand("artifacts/k2/corpus/repeats/{bucket}.parquet", bucket=K2_SHARDS),
    output:
        parts="artifacts/k2/corpus/parts.parquet",
        counts="artifacts/k2/corpus/counts.json",
    log:
        "logs/k2_split.log",
    threads: 1
    resources:
        mem_mb=1000,
    params:
        reads=reads(
            "seed",
            "k2.corpus.files",
            "k2.corpus.dataset",
            "k2.corpus.validation_fraction",
        ),
    shell:
        "python -m modelworks.build.run modelworks.k2.split --rule k2_split --log {log} --reads {params.reads}"
        " --in code {input.code} --in documents {input.documents} --in removed {input.removed}"
        " --in repeats {input.repeats}"
        " --out parts {output.parts} --out counts {output.counts}"


rule k2_held_out:
    """Write the validation text of one shard: documents without repeated paragraphs, in sections."""
    input:
        code=code("modelworks.k2.held_out"),
        text="artifacts/k2/corpus/text/{shard}.parquet",
        parts="artifacts/k2/corpus/parts.parquet",
        repeats=expand("artifacts/k2/corpus/repeats/{bucket}.parquet", bucket=K2_SHARDS),
    output:
        validation="artifacts/k2/corpus/validation/{shard}.parquet",
    log:
        "logs/k2_held_out/{shard}.log",
    threads: 1
    resources:
        mem_mb=1000,
    params:
        reads=reads("seed", "k2.corpus.section_bytes", "k2.corpus.validation_fraction"),
    shell:
        "python -m modelworks.build.run modelworks.k2.held_out --rule k2_held_out --log {log} --reads {params.reads}"
        " --in code {input.code} --in text {input.text} --in parts {input.parts} --in repeats {input.repeats}"
        " --arg shard={wildcards.shard}"
        " --out validation {output.validation}"


rule k2_grams:
    """Collect the runs of words of the validation text, which training text must not hold."""
    input:
        code=code("modelworks.k2.grams"),
        validation=expand(
            "artifacts/k2/corpus/validation/{shard}.parquet", shard=K2_SHARDS
        ),
    output:
        grams="artifacts/k2/corpus/grams.parquet",
    log:
        "logs/k2_grams.log",
    threads: 1
    resources:
        mem_mb=1000,
    params:
        reads=reads("k2.corpus.overlap_words"),
    shell:
        "python -m modelworks.build.run modelworks.k2.grams --rule k2_grams --log {log} --reads {params.reads}"
        " --in code {input.code} --in validation {input.validation}"
        " --out grams {output.grams}"


rule k2_sections:
    """Write the training text of one shard in sections, without what validation text has too."""
    input:
        code=code("modelworks.k2.sections"),
        text="artifacts/k2/corpus/text/{shard}.parquet",
        parts="artifacts/k2/corpus/parts.parquet",
        repeats=expand("artifacts/k2/corpus/repeats/{bucket}.parquet", bucket=K2_SHARDS),
        grams="artifacts/k2/corpus/grams.parquet",
    output:
        train="artifacts/k2/corpus/train/{shard}.parquet",
        dropped="artifacts/k2/corpus/dropped/{shard}.parquet",
    log:
        "logs/k2_sections/{shard}.log",
    threads: 1
    resources:
        mem_mb=1000,
    params:
        reads=reads(
            "seed",
            "k2.corpus.section_bytes",
            "k2.corpus.validation_fraction",
            "k2.corpus.overlap_words",
        ),
    shell:
        "python -m modelworks.build.run modelworks.k2.sections --rule k2_sections --log {log} --reads {params.reads}"
        " --in code {input.code} --in text {input.text} --in parts {input.parts} --in repeats {input.repeats}"
        " --in grams {input.grams} --arg shard={wildcards.shard}"
        " --out train {output.train} --out dropped {output.dropped}"


rule k2_corpus_report:
    """Count what the corpus holds, and what training and validation text still share."""
    input:
        code=code("modelworks.k2.corpus_report"),
        counts="artifacts/k2/corpus/counts.json",
        dropped=expand("artifacts/k2/corpus/dropped/{shard}.parquet", shard=K2_SHARDS),
        train=expand("artifacts/k2/corpus/train/{text}.parquet", text=K2_TEXTS),
        validation=expand(
            "artifacts/k2/corpus/validation/{text}.parquet", text=K2_TEXTS
        ),
        cases="artifacts/k2/corpus/cases.parquet",
        training_operands="artifacts/k2/corpus/training_operands.parquet",
    output:
        report="artifacts/k2/corpus/report.json",
        overlap="artifacts/k2/corpus/overlap.json",
        statistics="artifacts/k2/corpus/statistics.parquet",
    log:
        "logs/k2_corpus_report.log",
    threads: 1
    resources:
        mem_mb=1000,
    params:
        reads=reads(
            "k2.corpus.files",
            "k2.corpus.dataset",
            "k2.corpus.overlap_words",
            "k2.corpus.most_overlap",
        ),
    shell:
        "python -m modelworks.build.run modelworks.k2.corpus_report --rule k2_corpus_report --log {log} --reads {params.reads}"
        " --in code {input.code} --in counts {input.counts} --in dropped {input.dropped}"
        " --in train {input.train} --in validation {input.validation} --in cases {input.cases}"
        " --in training_operands {input.training_operands}"
        " --out report {output.report} --out overlap {output.overlap} --out statistics {output.statistics}"


rule k2_tokenizer:
    """Train the byte-level BPE tokenizer on a share of the training text."""
    input:
        code=code("modelworks.k2.tokenizer"),
        corpus=expand("artifacts/k2/corpus/train/{text}.parquet", text=K2_TEXTS),
    output:
        tokenizer="artifacts/k2/tokenizer.json",
    log:
        "logs/k2_tokenizer.log",
    threads: 1
    resources:
        mem_mb=1000,
    params:
        reads=reads("seed", "k2.tokenizer"),
    shell:
        "python -m modelworks.build.run modelworks.k2.tokenizer --rule k2_tokenizer --log {log} --reads {params.reads}"
        " --in code {input.code} --in corpus {input.corpus}"
        " --out tokenizer {output.tokenizer}"
