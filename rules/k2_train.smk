"""k2: tokens, the order of training, and the chain of segments that trains in that order."""

# The horizon is in the segments' argument, where it matters; so a longer stable run is not another training.
K2_TRAIN_KEYS = [
    "seed",
    "k2.model",
    "k2.tokenizer.vocab_size",
    "k2.order.base.context",
    "k2.order.long.context",
    *(
        f"k2.train.{key}"
        for key in reads("k2.train")["k2.train"]
        if key != "horizon_steps"
    ),
]


rule k2_tokens:
    """Encode one text of the corpus and pack it into one stream of tokens."""
    input:
        code=code("modelworks.k2.tokens"),
        tokenizer="artifacts/k2/tokenizer.json",
        text="artifacts/k2/corpus/{part}/{text}.parquet",
    output:
        tokens="artifacts/k2/tokens/{part}/{text}.safetensors",
        index="artifacts/k2/tokens/{part}/{text}.parquet",
    log:
        "logs/k2_tokens/{part}-{text}.log",
    threads: 1
    resources:
        mem_mb=1000,
    shell:
        "python -m modelworks.build.run modelworks.k2.tokens --rule k2_tokens --log {log}"
        " --in code {input.code} --in tokenizer {input.tokenizer} --in text {input.text} --arg text={wildcards.text}"
        " --out tokens {output.tokens} --out index {output.index}"


rule k2_order:
    """Plan the training sequence: which tokens of which documents each row of each chunk holds."""
    input:
        code=code("modelworks.k2.order"),
        indexes=expand("artifacts/k2/tokens/train/{text}.parquet", text=K2_TEXTS),
    output:
        chunks=expand("artifacts/k2/order/{chunk}.parquet", chunk=K2_CHUNKS),
        summary="artifacts/k2/order.json",
    log:
        "logs/k2_order.log",
    threads: 1
    resources:
        mem_mb=1000,
    params:
        reads=reads("seed", "k2.order", "k2.run.base_chunks", "k2.train.batch_tokens"),
    shell:
        "python -m modelworks.build.run modelworks.k2.order --rule k2_order --log {log} --reads {params.reads}"
        " --in code {input.code} --in indexes {input.indexes}"
        " --out chunks {output.chunks} --out summary {output.summary}"


rule k2_chunk:
    """Fill the rows of one chunk of the training sequence with their tokens."""
    input:
        code=code("modelworks.k2.chunk"),
        order="artifacts/k2/order/{chunk}.parquet",
        tokens=expand("artifacts/k2/tokens/train/{text}.safetensors", text=K2_TEXTS),
    output:
        rows="artifacts/k2/chunks/{chunk}.safetensors",
    log:
        "logs/k2_chunk/{chunk}.log",
    threads: 1
    resources:
        mem_mb=1000,
    shell:
        "python -m modelworks.build.run modelworks.k2.chunk --rule k2_chunk --log {log}"
        " --in code {input.code} --in order {input.order} --in tokens {input.tokens} --out rows {output.rows}"


rule k2_train:
    """Train one segment: one chunk, from the checkpoint of the segment before it."""
    input:
        code=code("modelworks.k2.train"),
        rows=lambda wildcards: f"artifacts/k2/chunks/{K2_SEGMENTS[wildcards.segment].chunk}.safetensors",
        # None for the first segment.
        previous=lambda wildcards: expand(
            "artifacts/k2/checkpoints/{previous}",
            previous=filter(None, [K2_SEGMENTS[wildcards.segment].previous]),
        ),
    output:
        checkpoint=directory("artifacts/k2/checkpoints/{segment}"),
        log="artifacts/k2/training_log/{segment}.parquet",
    log:
        "logs/k2_train/{segment}.log",
    priority: 1  # the chain is the longest path
    threads: 2
    resources:
        mem_mb=4000,
    params:
        reads=reads(*K2_TRAIN_KEYS),
        chunk=lambda wildcards: K2_SEGMENTS[wildcards.segment].chunk,
        phase=lambda wildcards: K2_SEGMENTS[wildcards.segment].phase,
        falls=lambda wildcards: K2_SEGMENTS[wildcards.segment].falling,
    shell:
        "python -m modelworks.build.run modelworks.k2.train --rule k2_train --log {log} --reads {params.reads}"
        " --in code {input.code} --in rows {input.rows} --in previous {input.previous}"
        " --arg segment={wildcards.segment} --arg chunk={params.chunk} --arg phase={params.phase}"
        " --arg falls={params.falls} --out checkpoint {output.checkpoint} --out log {output.log}"


rule k2_training_log:
    """Put the logs of all segments into one table."""
    input:
        code=code("modelworks.k2.log"),
        logs=expand(
            "artifacts/k2/training_log/{segment}.parquet", segment=K2_CHECKPOINTS
        ),
    output:
        log="artifacts/k2/training_log.parquet",
    log:
        "logs/k2_training_log.log",
    threads: 1
    resources:
        mem_mb=1000,
    shell:
        "python -m modelworks.build.run modelworks.k2.log --rule k2_training_log --log {log}"
        " --in code {input.code} --in logs {input.logs} --out log {output.log}"
