"""k2: the generated texts of the corpus, which are verifiable: worked arithmetic, questions with answers, cloze."""


rule k2_arithmetic:
    """Generate worked arithmetic, split by operands: texts of both parts, cases to ask, the operands trained on."""
    input:
        code=code("modelworks.k2.arithmetic"),
    output:
        train="artifacts/k2/corpus/train/arithmetic.parquet",
        validation="artifacts/k2/corpus/validation/arithmetic.parquet",
        cases="artifacts/k2/corpus/cases.parquet",
        training_operands="artifacts/k2/corpus/training_operands.parquet",
    log:
        "logs/k2_arithmetic.log",
    threads: 1
    resources:
        mem_mb=1000,
    params:
        reads=reads("seed", "k2.arithmetic"),
    shell:
        "python -m modelworks.build.run modelworks.k2.arithmetic --rule k2_arithmetic --log {log}"
        " --reads {params.reads} --in code {input.code}"
        " --out train {output.train} --out validation {output.validation} --out cases {output.cases}"
        " --out training_operands {output.training_operands}"


rule k2_questions:
    """Make questions with answers from the reference's documents, and cloze items from its held-out ones."""
    input:
        code=code("modelworks.k2.questions"),
        train=expand("artifacts/k2/corpus/train/{shard}.parquet", shard=K2_SHARDS),
        validation=expand(
            "artifacts/k2/corpus/validation/{shard}.parquet", shard=K2_SHARDS
        ),
    output:
        train="artifacts/k2/corpus/train/questions.parquet",
        validation="artifacts/k2/corpus/validation/questions.parquet",
        cloze="artifacts/k2/corpus/cloze.parquet",
    log:
        "logs/k2_questions.log",
    threads: 1
    resources:
        mem_mb=1000,
    params:
        reads=reads("seed", "k2.questions"),
    shell:
        "python -m modelworks.build.run modelworks.k2.questions --rule k2_questions --log {log}"
        " --reads {params.reads} --in code {input.code} --in train {input.train} --in validation {input.validation}"
        " --out train {output.train} --out validation {output.validation} --out cloze {output.cloze}"
