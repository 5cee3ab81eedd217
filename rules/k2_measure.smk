"""What is measured: baselines, every checkpoint on held-out text and cases, one table, one page, one summary."""


rule k2_baselines:
    """Bits per byte of the held-out text of each source without a language model: counting and compressors."""
    input:
        code=code("modelworks.k2.baselines"),
        train=expand("artifacts/k2/corpus/train/{text}.parquet", text=K2_TEXTS),
        validation=expand(
            "artifacts/k2/corpus/validation/{text}.parquet", text=K2_TEXTS
        ),
    output:
        scores="artifacts/k2/baselines.json",
    log:
        "logs/k2_baselines.log",
    threads: 1
    resources:
        mem_mb=2000,
    params:
        reads=reads("k2.questions.source"),
    shell:
        "python -m modelworks.build.run modelworks.k2.baselines --rule k2_baselines --log {log}"
        " --reads {params.reads} --in code {input.code} --in train {input.train} --in validation {input.validation}"
        " --out scores {output.scores}"


rule k2_training_grams:
    """The runs of 8 words of the training text as sorted hashes: what a sample may have copied."""
    input:
        code=code("modelworks.k2.training_grams"),
        texts=expand("artifacts/k2/corpus/train/{text}.parquet", text=K2_TEXTS),
    output:
        table="artifacts/k2/grams.u64",
    log:
        "logs/k2_training_grams.log",
    threads: 1
    resources:
        mem_mb=1000,
    shell:
        "python -m modelworks.build.run modelworks.k2.training_grams --rule k2_training_grams --log {log}"
        " --in code {input.code} --in texts {input.texts} --out table {output.table} --arg words=8"


rule k2_evaluate:
    """Held-out bits per byte, arithmetic, cloze and samples of one checkpoint; the last one is asked everything."""
    input:
        code=code("modelworks.k2.evaluate"),
        checkpoint="artifacts/k2/checkpoints/{checkpoint}",
        tokenizer="artifacts/k2/tokenizer.json",
        tokens=expand(
            "artifacts/k2/tokens/validation/{text}.safetensors", text=K2_TEXTS
        ),
        indexes=expand("artifacts/k2/tokens/validation/{text}.parquet", text=K2_TEXTS),
        cases="artifacts/k2/corpus/cases.parquet",
        cloze="artifacts/k2/corpus/cloze.parquet",
        grams="artifacts/k2/grams.u64",
    output:
        table="artifacts/k2/evaluation/{checkpoint}.parquet",
        gallery="artifacts/k2/gallery/{checkpoint}.json",
    log:
        "logs/k2_evaluate/{checkpoint}.log",
    threads: 1
    resources:
        mem_mb=2000,
    params:
        reads=reads(
            "seed",
            "k2.evaluate.stride_share",
            "k2.evaluate.batch_rows",
            "k2.evaluate.most_bytes",
            "k2.evaluate.cases",
            "k2.evaluate.threads",
            "k2.samples",
            "k2.order.base.context",
            "k2.order.long.context",
            "k2.questions.source",
        ),
        whole=lambda wildcards: (
            "yes" if wildcards.checkpoint == K2_CHECKPOINTS[-1] else "no"
        ),
    shell:
        "python -m modelworks.build.run modelworks.k2.evaluate --rule k2_evaluate --log {log} --reads {params.reads}"
        " --in code {input.code} --in checkpoint {input.checkpoint} --in tokenizer {input.tokenizer}"
        " --in tokens {input.tokens} --in indexes {input.indexes} --in cases {input.cases} --in cloze {input.cloze}"
        " --in grams {input.grams} --out table {output.table} --out gallery {output.gallery}"
        " --arg whole={params.whole}"


rule k2_chunk_losses:
    """The loss of every checkpoint on a sample of every chunk of the training sequence."""
    input:
        code=code("modelworks.k2.chunk_losses"),
        checkpoints=expand(
            "artifacts/k2/checkpoints/{checkpoint}", checkpoint=K2_CHECKPOINTS
        ),
        chunks=expand("artifacts/k2/chunks/{chunk}.safetensors", chunk=K2_CHUNKS),
    output:
        table="artifacts/k2/chunk_losses.parquet",
    log:
        "logs/k2_chunk_losses.log",
    threads: 1
    resources:
        mem_mb=2000,
    params:
        reads=reads(
            "seed",
            "k2.evaluate.batch_rows",
            "k2.evaluate.chunk_rows",
            "k2.evaluate.threads",
        ),
    shell:
        "python -m modelworks.build.run modelworks.k2.chunk_losses --rule k2_chunk_losses --log {log}"
        " --reads {params.reads} --in code {input.code} --in checkpoints {input.checkpoints}"
        " --in chunks {input.chunks} --out table {output.table}"


rule k2_longitudinal:
    """Every checkpoint and every benchmark in one table, on one page of plots and in one gallery of samples."""
    input:
        code=code("modelworks.k2.longitudinal"),
        tables=expand(
            "artifacts/k2/evaluation/{checkpoint}.parquet", checkpoint=K2_CHECKPOINTS
        ),
        chunk_losses="artifacts/k2/chunk_losses.parquet",
        galleries=expand(
            "artifacts/k2/gallery/{checkpoint}.json", checkpoint=K2_CHECKPOINTS
        ),
        baselines="artifacts/k2/baselines.json",
        log="artifacts/k2/training_log.parquet",
    output:
        table="artifacts/k2/longitudinal.parquet",
        page=report(
            "artifacts/k2/longitudinal.html",
            caption="../report/k2_longitudinal.rst",
            category="k2: pretraining",
            labels={"what": "every checkpoint, every benchmark"},
        ),
        gallery=report(
            "artifacts/k2/gallery.html",
            caption="../report/k2_gallery.rst",
            category="k2: pretraining",
            labels={"what": "generated text"},
        ),
    log:
        "logs/k2_longitudinal.log",
    threads: 1
    resources:
        mem_mb=1000,
    params:
        reads=reads("k2.samples"),
    shell:
        "python -m modelworks.build.run modelworks.k2.longitudinal --rule k2_longitudinal --log {log}"
        " --reads {params.reads} --in code {input.code} --in tables {input.tables}"
        " --in chunk_losses {input.chunk_losses} --in galleries {input.galleries} --in baselines {input.baselines}"
        " --in log {input.log} --out table {output.table} --out page {output.page} --out gallery {output.gallery}"


rule k2_summary:
    """The last checkpoint beside the baselines: a JSON for `dvc metrics`, tables for the report and `dvc plots`."""
    input:
        code=code("modelworks.k2.summary"),
        table="artifacts/k2/longitudinal.parquet",
        baselines="artifacts/k2/baselines.json",
        orders=expand("artifacts/k2/order/{chunk}.parquet", chunk=K2_CHUNKS),
        log="artifacts/k2/training_log.parquet",
    output:
        metrics="artifacts/k2/metrics.json",
        table=report(
            "artifacts/k2/results.csv",
            caption="../report/k2_results.rst",
            category="k2: pretraining",
            labels={"what": "results"},
        ),
        loss="artifacts/k2/plots/loss.csv",
        held_out="artifacts/k2/plots/bits_per_byte.csv",
        arithmetic="artifacts/k2/plots/exact_match.csv",
    log:
        "logs/k2_summary.log",
    threads: 1
    resources:
        mem_mb=1000,
    params:
        reads=reads("k2.questions.source"),
    shell:
        "python -m modelworks.build.run modelworks.k2.summary --rule k2_summary --log {log} --reads {params.reads}"
        " --in code {input.code} --in table {input.table} --in baselines {input.baselines} --in orders {input.orders}"
        " --in log {input.log} --out metrics {output.metrics} --out table {output.table}"
        " --out loss {output.loss} --out held_out {output.held_out} --out arithmetic {output.arithmetic}"
