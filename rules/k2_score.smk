"""k2: what a sweep tunes on and what it reports: the last checkpoint on each half of the held-out text.

No part of `snakemake k2`, which shows every checkpoint on all of it.
"""

K2_SCORE_KEYS = [
    "seed",
    "k2.evaluate.stride_share",
    "k2.evaluate.batch_rows",
    "k2.evaluate.threads",
    "k2.order.base.context",
    "k2.order.long.context",
]


rule k2_validation:
    """Bits per byte of the last checkpoint on the validation half of the held-out text: what a sweep may tune on."""
    input:
        code=code("modelworks.k2.score_part"),
        checkpoint=f"artifacts/k2/checkpoints/{K2_CHECKPOINTS[-1]}",
        tokenizer="artifacts/k2/tokenizer.json",
        texts=expand("artifacts/k2/corpus/validation/{text}.parquet", text=K2_TEXTS),
        tokens=expand(
            "artifacts/k2/tokens/validation/{text}.safetensors", text=K2_TEXTS
        ),
        indexes=expand("artifacts/k2/tokens/validation/{text}.parquet", text=K2_TEXTS),
        cases="artifacts/k2/corpus/cases.parquet",
    output:
        scores="artifacts/k2/validation.json",
    log:
        "logs/k2_validation.log",
    threads: 1
    resources:
        mem_mb=2000,
    params:
        reads=reads(*K2_SCORE_KEYS),
        measures="validation",
    shell:
        "python -m modelworks.build.run modelworks.k2.score_part --rule k2_validation --log {log}"
        " --reads {params.reads} --in code {input.code} --in checkpoint {input.checkpoint}"
        " --in tokenizer {input.tokenizer} --in texts {input.texts} --in tokens {input.tokens}"
        " --in indexes {input.indexes} --in cases {input.cases} --arg part={params.measures}"
        " --out scores {output.scores}"


rule k2_test:
    """Bits per byte and exact match of the last checkpoint on the test half: for what was chosen, not for choosing."""
    input:
        code=code("modelworks.k2.score_part"),
        checkpoint=f"artifacts/k2/checkpoints/{K2_CHECKPOINTS[-1]}",
        tokenizer="artifacts/k2/tokenizer.json",
        texts=expand("artifacts/k2/corpus/validation/{text}.parquet", text=K2_TEXTS),
        tokens=expand(
            "artifacts/k2/tokens/validation/{text}.safetensors", text=K2_TEXTS
        ),
        indexes=expand("artifacts/k2/tokens/validation/{text}.parquet", text=K2_TEXTS),
        cases="artifacts/k2/corpus/cases.parquet",
    output:
        scores="artifacts/k2/test.json",
    log:
        "logs/k2_test.log",
    threads: 1
    resources:
        mem_mb=2000,
    params:
        reads=reads(*K2_SCORE_KEYS),
        measures="test",
    shell:
        "python -m modelworks.build.run modelworks.k2.score_part --rule k2_test --log {log}"
        " --reads {params.reads} --in code {input.code} --in checkpoint {input.checkpoint}"
        " --in tokenizer {input.tokenizer} --in texts {input.texts} --in tokens {input.tokens}"
        " --in indexes {input.indexes} --in cases {input.cases} --arg part={params.measures}"
        " --out scores {output.scores}"
