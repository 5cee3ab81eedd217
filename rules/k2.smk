"""k2: transparent pretraining, from raw text to a checkpoint whose every step is measured on held-out text."""

K2_FILES = reads("k2.corpus.files")["k2.corpus.files"]
K2_CHECKPOINTS = [
    f"{number:03d}"
    for number in range(1, reads("k2.train.checkpoints")["k2.train.checkpoints"] + 1)
]


rule k2:
    """Everything that k2 makes: corpus, tokenizer, checkpoints, their scores beside the baselines, samples, figure."""
    input:
        "artifacts/k2/corpus/report.json",
        "artifacts/k2/samples.html",
        "artifacts/k2/curve.svg",
        "artifacts/k2/metrics.json",
        "artifacts/k2/results.csv",


rule k2_corpus:
    """Read the corpus, drop repeated paragraphs, split it, and measure what the two parts still share."""
    input:
        code=code("modelworks.k2.corpus"),
        data=K2_FILES,
    output:
        train="artifacts/k2/corpus/train.parquet",
        validation="artifacts/k2/corpus/validation.parquet",
        report="artifacts/k2/corpus/report.json",
    log:
        "logs/k2_corpus.log",
    threads: 1
    resources:
        mem_mb=2000,
    params:
        reads=reads("seed", "k2.corpus"),
    shell:
        "python -m modelworks.build.run modelworks.k2.corpus --rule k2_corpus --log {log} --reads {params.reads}"
        " --in code {input.code}"
        + (" --in data {input.data:q}" if K2_FILES else "")
        + ""
        " --out train {output.train} --out validation {output.validation} --out report {output.report}"


rule k2_tokenizer:
    """Train the byte-level BPE tokenizer on the training text."""
    input:
        code=code("modelworks.k2.tokenizer"),
        corpus="artifacts/k2/corpus/train.parquet",
    output:
        tokenizer="artifacts/k2/tokenizer.json",
    log:
        "logs/k2_tokenizer.log",
    threads: 1
    resources:
        mem_mb=1000,
    params:
        reads=reads("k2.tokenizer"),
    shell:
        "python -m modelworks.build.run modelworks.k2.tokenizer --rule k2_tokenizer --log {log} --reads {params.reads}"
        " --in code {input.code} --in corpus {input.corpus} --out tokenizer {output.tokenizer}"


rule k2_tokens:
    """Encode both parts of the corpus and pack each into one stream of tokens."""
    input:
        code=code("modelworks.k2.tokens"),
        tokenizer="artifacts/k2/tokenizer.json",
        train="artifacts/k2/corpus/train.parquet",
        validation="artifacts/k2/corpus/validation.parquet",
    output:
        train="artifacts/k2/tokens/train.safetensors",
        validation="artifacts/k2/tokens/validation.safetensors",
        sizes="artifacts/k2/tokens/sizes.json",
    log:
        "logs/k2_tokens.log",
    threads: 1
    resources:
        mem_mb=1000,
    shell:
        "python -m modelworks.build.run modelworks.k2.tokens --rule k2_tokens --log {log}"
        " --in code {input.code} --in tokenizer {input.tokenizer} --in train {input.train}"
        " --in validation {input.validation}"
        " --out train {output.train} --out validation {output.validation} --out sizes {output.sizes}"


rule k2_train:
    """Pretrain the model and save every checkpoint."""
    input:
        code=code("modelworks.k2.train"),
        tokens="artifacts/k2/tokens/train.safetensors",
    output:
        checkpoints=[
            directory(f"artifacts/k2/checkpoints/{number}")
            for number in K2_CHECKPOINTS
        ],
        log="artifacts/k2/training_log.parquet",
    log:
        "logs/k2_train.log",
    threads: 2
    resources:
        mem_mb=4000,
    params:
        reads=reads("seed", "k2.model", "k2.tokenizer.vocab_size", "k2.train"),
    shell:
        "python -m modelworks.build.run modelworks.k2.train --rule k2_train --log {log} --reads {params.reads}"
        " --in code {input.code} --in tokens {input.tokens}"
        " --out checkpoints {output.checkpoints} --out log {output.log}"


rule k2_evaluate:
    """Bits per byte of one checkpoint on the validation text."""
    input:
        code=code("modelworks.k2.evaluate"),
        checkpoint="artifacts/k2/checkpoints/{number}",
        tokens="artifacts/k2/tokens/validation.safetensors",
    output:
        score="artifacts/k2/evaluation/{number}.json",
    log:
        "logs/k2_evaluate/{number}.log",
    wildcard_constraints:
        number=r"\d+",
    threads: 1
    resources:
        mem_mb=2000,
    params:
        reads=reads("k2.evaluate"),
    shell:
        "python -m modelworks.build.run modelworks.k2.evaluate --rule k2_evaluate --log {log} --reads {params.reads}"
        " --in code {input.code} --in checkpoint {input.checkpoint} --in tokens {input.tokens}"
        " --out score {output.score}"


rule k2_baselines:
    """Bits per byte of the validation text without a language model: unigrams and compressors."""
    input:
        code=code("modelworks.k2.baselines"),
        train="artifacts/k2/corpus/train.parquet",
        validation="artifacts/k2/corpus/validation.parquet",
        train_tokens="artifacts/k2/tokens/train.safetensors",
        validation_tokens="artifacts/k2/tokens/validation.safetensors",
    output:
        scores="artifacts/k2/baselines.json",
    log:
        "logs/k2_baselines.log",
    threads: 1
    resources:
        mem_mb=2000,
    params:
        reads=reads("k2.tokenizer.vocab_size"),
    shell:
        "python -m modelworks.build.run modelworks.k2.baselines --rule k2_baselines --log {log} --reads {params.reads}"
        " --in code {input.code} --in train {input.train} --in validation {input.validation}"
        " --in train_tokens {input.train_tokens} --in validation_tokens {input.validation_tokens}"
        " --out scores {output.scores}"


rule k2_samples:
    """Generate text from the last checkpoint: every sample that was drawn, none picked."""
    input:
        code=code("modelworks.k2.samples"),
        checkpoint=f"artifacts/k2/checkpoints/{K2_CHECKPOINTS[-1]}",
        tokenizer="artifacts/k2/tokenizer.json",
    output:
        samples="artifacts/k2/samples.json",
        page=report(
            "artifacts/k2/samples.html",
            caption="../report/k2_samples.rst",
            category="k2: pretraining",
            labels={"what": "generated text"},
        ),
    log:
        "logs/k2_samples.log",
    threads: 1
    resources:
        mem_mb=2000,
    params:
        reads=reads("seed", "k2.samples"),
    shell:
        "python -m modelworks.build.run modelworks.k2.samples --rule k2_samples --log {log} --reads {params.reads}"
        " --in code {input.code} --in checkpoint {input.checkpoint} --in tokenizer {input.tokenizer}"
        " --out samples {output.samples} --out page {output.page}"


rule k2_curve:
    """Draw the learning curve beside the baselines, and write its points for `dvc plots`."""
    input:
        code=code("modelworks.k2.curve"),
        log="artifacts/k2/training_log.parquet",
        scores=expand("artifacts/k2/evaluation/{number}.json", number=K2_CHECKPOINTS),
        baselines="artifacts/k2/baselines.json",
        tokens="artifacts/k2/tokens/sizes.json",
    output:
        figure=report(
            "artifacts/k2/curve.svg",
            caption="../report/k2_curve.rst",
            category="k2: pretraining",
            labels={"what": "learning curve"},
        ),
        loss="artifacts/k2/plots/loss.csv",
        held_out="artifacts/k2/plots/bits_per_byte.csv",
    log:
        "logs/k2_curve.log",
    threads: 1
    resources:
        mem_mb=1000,
    shell:
        "python -m modelworks.build.run modelworks.k2.curve --rule k2_curve --log {log}"
        " --in code {input.code} --in log {input.log} --in scores {input.scores} --in baselines {input.baselines}"
        " --in tokens {input.tokens}"
        " --out figure {output.figure} --out loss {output.loss} --out held_out {output.held_out}"


rule k2_summary:
    """Put every checkpoint beside the baselines: a JSON for `dvc metrics`, a table for the report."""
    input:
        code=code("modelworks.k2.summary"),
        corpus="artifacts/k2/corpus/report.json",
        tokens="artifacts/k2/tokens/sizes.json",
        scores=expand("artifacts/k2/evaluation/{number}.json", number=K2_CHECKPOINTS),
        baselines="artifacts/k2/baselines.json",
    output:
        metrics="artifacts/k2/metrics.json",
        table=report(
            "artifacts/k2/results.csv",
            caption="../report/k2_results.rst",
            category="k2: pretraining",
            labels={"what": "bits per byte"},
        ),
    log:
        "logs/k2_summary.log",
    threads: 1
    resources:
        mem_mb=1000,
    shell:
        "python -m modelworks.build.run modelworks.k2.summary --rule k2_summary --log {log}"
        " --in code {input.code} --in corpus {input.corpus} --in tokens {input.tokens} --in scores {input.scores}"
        " --in baselines {input.baselines} --out metrics {output.metrics} --out table {output.table}"
