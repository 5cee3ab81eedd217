"""livebench: what a model has seen of the questions in its training text, and what a planted leak does to its scores.

The training text of a model is that which its lineage names: the rules are followed from its weights to what was
turned into tokens (modelworks.livebench.training_text).
"""

LIVEBENCH_LEAK = LIVEBENCH["leak"]
LIVEBENCH_LEAK_RUNS = [
    (seed, dose) for seed in LIVEBENCH_LEAK["seeds"] for dose in LIVEBENCH_LEAK["doses"]
]
LIVEBENCH_LEAK_TRAIN = reads("seed", "livebench.leak.model", "livebench.leak.train")


wildcard_constraints:
    system="k2",
    leak_seed=r"\d+",
    leak_dose=r"\d+",
    training_text=r"[A-Za-z0-9._/-]+",


rule livebench_passages:
    """Embed the passages of one file of training text: once, whatever is compared with them."""
    input:
        code=code("modelworks.livebench.passages"),
        text="artifacts/{training_text}.parquet",
    output:
        embeddings="artifacts/livebench/embeddings/{training_text}.safetensors",
    log:
        "logs/livebench_passages/{training_text}.log",
    threads: 1
    resources:
        mem_mb=2000,
    params:
        reads=reads(
            "seed",
            "livebench.contamination.passage_words",
            "livebench.contamination.most_passages",
            "livebench.contamination.threads",
        ),
    shell:
        "python -m modelworks.build.run modelworks.livebench.passages --rule livebench_passages --log {log}"
        " --reads {params.reads} --in code {input.code} --in text {input.text} --out embeddings {output.embeddings}"


rule livebench_question_embeddings:
    """Embed the new questions of one release."""
    input:
        code=code("modelworks.livebench.passages"),
        questions="artifacts/livebench/questions/{release}.parquet",
    output:
        embeddings="artifacts/livebench/question_embeddings/{release}.safetensors",
    log:
        "logs/livebench_question_embeddings/{release}.log",
    threads: 1
    resources:
        mem_mb=2000,
    params:
        reads=reads("livebench.contamination.threads"),
    shell:
        "python -m modelworks.build.run modelworks.livebench.passages --rule livebench_question_embeddings --log {log}"
        " --reads {params.reads} --in code {input.code} --in questions {input.questions}"
        " --out embeddings {output.embeddings}"


rule livebench_seen:
    """Find the new questions of one release in all training text of a system, once for all its models."""
    input:
        code=code("modelworks.livebench.seen_text"),
        # Those before it show what is template text.
        questions=lambda wildcards: [
            f"artifacts/livebench/questions/{release}.parquet"
            for release in LIVEBENCH_RELEASES
            if release <= wildcards.release
        ],
        corpus=livebench_whole_corpus,
    output:
        seen="artifacts/livebench/seen/{system}/{release}.parquet",
    log:
        "logs/livebench_seen/{system}/{release}.log",
    threads: 1
    resources:
        mem_mb=1000,
    params:
        reads=reads("livebench.contamination.ngram_words"),
    shell:
        "python -m modelworks.build.run modelworks.livebench.seen_text --rule livebench_seen --log {log}"
        " --reads {params.reads} --in code {input.code} --in questions {input.questions} --in corpus {input.corpus}"
        " --out seen {output.seen}"


rule livebench_contamination:
    """Compare all questions with what one model has read of its training text."""
    input:
        code=code("modelworks.livebench.contamination"),
        questions=expand(
            "artifacts/livebench/questions/{release}.parquet",
            release=LIVEBENCH_RELEASES,
        ),
        seen=livebench_of_known_text("artifacts/livebench/seen/k2/{release}.parquet"),
        order=livebench_model_order,
        question_embeddings=livebench_of_known_text(
            "artifacts/livebench/question_embeddings/{release}.safetensors"
        ),
        corpus_embeddings=livebench_model_passages,
    output:
        table="artifacts/livebench/contamination/{model}.parquet",
        summary="artifacts/livebench/contamination/{model}.json",
    log:
        "logs/livebench_contamination/{model}.log",
    threads: 1
    resources:
        mem_mb=1000,
    params:
        reads=reads(
            "livebench.contamination.ngram_words",
            "livebench.contamination.most_ngrams",
            "livebench.contamination.embedding_threshold",
            "livebench.contamination.embedding_margin",
        ),
    shell:
        "python -m modelworks.build.run modelworks.livebench.contamination --rule livebench_contamination --log {log}"
        " --reads {params.reads} --in code {input.code} --in questions {input.questions} --in seen {input.seen}"
        " --in order {input.order} --in question_embeddings {input.question_embeddings}"
        " --in corpus_embeddings {input.corpus_embeddings} --arg model={wildcards.model}"
        " --out table {output.table} --out summary {output.summary}"


rule livebench_detection:
    """Plant questions, verbatim and paraphrased, beside the training text of k2's last checkpoint: how many are found."""
    input:
        code=code("modelworks.livebench.detection"),
        questions=expand(
            "artifacts/livebench/questions/{release}.parquet",
            release=LIVEBENCH_RELEASES,
        ),
        question_embeddings=expand(
            "artifacts/livebench/question_embeddings/{release}.safetensors",
            release=LIVEBENCH_RELEASES,
        ),
        corpus=lambda wildcards: livebench_corpus(
            f"artifacts/k2/checkpoints/{K2_CHECKPOINTS[-1]}"
        ),
        corpus_embeddings=lambda wildcards: livebench_passage_embeddings(
            livebench_corpus(f"artifacts/k2/checkpoints/{K2_CHECKPOINTS[-1]}")
        ),
    output:
        detection="artifacts/livebench/detection.json",
    log:
        "logs/livebench_detection.log",
    threads: 1
    resources:
        mem_mb=2000,
    params:
        reads=reads(
            "seed",
            "livebench.contamination.ngram_words",
            "livebench.contamination.most_ngrams",
            "livebench.contamination.embedding_threshold",
            "livebench.contamination.embedding_margin",
            "livebench.contamination.passage_words",
            "livebench.contamination.threads",
        ),
    shell:
        "python -m modelworks.build.run modelworks.livebench.detection --rule livebench_detection --log {log}"
        " --reads {params.reads} --in code {input.code} --in questions {input.questions}"
        " --in question_embeddings {input.question_embeddings} --in corpus {input.corpus}"
        " --in corpus_embeddings {input.corpus_embeddings} --out detection {output.detection}"


rule livebench_leak_data:
    """Make two releases, the text before the leak and a tokenizer for one seed of the leak experiment."""
    input:
        code=code("modelworks.livebench.leak_data"),
    output:
        questions="artifacts/livebench/leak/{leak_seed}/questions.parquet",
        text="artifacts/livebench/leak/{leak_seed}/text.parquet",
        tokenizer="artifacts/livebench/leak/{leak_seed}/tokenizer.json",
    log:
        "logs/livebench_leak_data/{leak_seed}.log",
    threads: 1
    resources:
        mem_mb=1000,
    params:
        reads=reads(
            "seed",
            "livebench.leak.questions",
            "livebench.leak.train.base_texts",
            "livebench.leak.train.vocab_size",
        ),
    shell:
        "python -m modelworks.build.run modelworks.livebench.leak_data --rule livebench_leak_data --log {log}"
        " --reads {params.reads} --in code {input.code} --arg seed={wildcards.leak_seed}"
        " --out questions {output.questions} --out text {output.text} --out tokenizer {output.tokenizer}"


rule livebench_leak_text:
    """Plant the leaked questions so many times in the text of one arm."""
    input:
        code=code("modelworks.livebench.leak_text"),
        questions="artifacts/livebench/leak/{leak_seed}/questions.parquet",
        text="artifacts/livebench/leak/{leak_seed}/text.parquet",
    output:
        text="artifacts/livebench/leak/{leak_seed}/text-{leak_dose}.parquet",
    log:
        "logs/livebench_leak_text/{leak_seed}-{leak_dose}.log",
    threads: 1
    resources:
        mem_mb=1000,
    params:
        reads=reads("seed", "livebench.leak.leaked", "livebench.leak.train.arm_texts"),
    shell:
        "python -m modelworks.build.run modelworks.livebench.leak_text --rule livebench_leak_text --log {log}"
        " --reads {params.reads} --in code {input.code} --in questions {input.questions} --in text {input.text}"
        " --arg seed={wildcards.leak_seed} --arg dose={wildcards.leak_dose} --out text {output.text}"


rule livebench_leak_base:
    """Train what all arms of a seed begin with."""
    input:
        code=code("modelworks.livebench.leak_train"),
        text="artifacts/livebench/leak/{leak_seed}/text.parquet",
        tokenizer="artifacts/livebench/leak/{leak_seed}/tokenizer.json",
    output:
        checkpoint=directory("artifacts/livebench/leak/{leak_seed}/base"),
    log:
        "logs/livebench_leak_base/{leak_seed}.log",
    threads: 1
    resources:
        mem_mb=2000,
    params:
        reads=LIVEBENCH_LEAK_TRAIN,
    shell:
        "python -m modelworks.build.run modelworks.livebench.leak_train --rule livebench_leak_base --log {log}"
        " --reads {params.reads} --in code {input.code} --in text {input.text} --in tokenizer {input.tokenizer}"
        " --arg seed={wildcards.leak_seed} --out checkpoint {output.checkpoint}"


rule livebench_leak_arm:
    """Train one arm, and ask it the questions of both releases."""
    input:
        code=code("modelworks.livebench.leak_train"),
        text="artifacts/livebench/leak/{leak_seed}/text-{leak_dose}.parquet",
        tokenizer="artifacts/livebench/leak/{leak_seed}/tokenizer.json",
        checkpoint="artifacts/livebench/leak/{leak_seed}/base",
        questions="artifacts/livebench/leak/{leak_seed}/questions.parquet",
    output:
        answers="artifacts/livebench/leak/{leak_seed}/answers-{leak_dose}.parquet",
    log:
        "logs/livebench_leak_arm/{leak_seed}-{leak_dose}.log",
    threads: 1
    resources:
        mem_mb=2000,
    params:
        reads=LIVEBENCH_LEAK_TRAIN,
    shell:
        "python -m modelworks.build.run modelworks.livebench.leak_train --rule livebench_leak_arm --log {log}"
        " --reads {params.reads} --in code {input.code} --in text {input.text} --in tokenizer {input.tokenizer}"
        " --in checkpoint {input.checkpoint} --in questions {input.questions} --arg seed={wildcards.leak_seed}"
        " --out answers {output.answers}"


rule livebench_leak_seen:
    """Compare the questions with the training text of one arm, by runs of words: 2+1-3 is there for 1+2-3, by design."""
    input:
        code=code("modelworks.livebench.contamination"),
        questions="artifacts/livebench/leak/{leak_seed}/questions.parquet",
        corpus=lambda wildcards: livebench_corpus(
            f"artifacts/livebench/leak/{wildcards.leak_seed}/answers-{wildcards.leak_dose}.parquet"
        ),
    output:
        table="artifacts/livebench/leak/{leak_seed}/seen-{leak_dose}.parquet",
        summary="artifacts/livebench/leak/{leak_seed}/seen-{leak_dose}.json",
    log:
        "logs/livebench_leak_seen/{leak_seed}-{leak_dose}.log",
    threads: 1
    resources:
        mem_mb=1000,
    params:
        reads=reads(
            "livebench.contamination.ngram_words",
            "livebench.contamination.most_ngrams",
            "livebench.contamination.embedding_threshold",
            "livebench.contamination.embedding_margin",
        ),
    shell:
        "python -m modelworks.build.run modelworks.livebench.contamination --rule livebench_leak_seen --log {log}"
        " --reads {params.reads} --in code {input.code} --in questions {input.questions} --in corpus {input.corpus}"
        " --arg model=leak-{wildcards.leak_seed}-{wildcards.leak_dose} --arg sums=no"
        " --out table {output.table} --out summary {output.summary}"


rule livebench_leak_results:
    """The gap between the leaked and the fresh release for each dose, all questions and without the excluded ones."""
    input:
        code=code("modelworks.livebench.leak_results"),
        answers=[
            f"artifacts/livebench/leak/{seed}/answers-{dose}.parquet"
            for seed, dose in LIVEBENCH_LEAK_RUNS
        ],
        contamination=[
            f"artifacts/livebench/leak/{seed}/seen-{dose}.parquet"
            for seed, dose in LIVEBENCH_LEAK_RUNS
        ],
    output:
        results="artifacts/livebench/leak/results.json",
        table="artifacts/livebench/leak/results.csv",
    log:
        "logs/livebench_leak_results.log",
    threads: 1
    resources:
        mem_mb=1000,
    params:
        reads=reads("seed", "livebench.leak.claims.confidence"),
        runs=",".join(f"{seed}:{dose}" for seed, dose in LIVEBENCH_LEAK_RUNS),
    shell:
        "python -m modelworks.build.run modelworks.livebench.leak_results --rule livebench_leak_results --log {log}"
        " --reads {params.reads} --in code {input.code} --in answers {input.answers}"
        " --in contamination {input.contamination} --arg runs={params.runs}"
        " --out results {output.results} --out table {output.table}"


rule livebench_leak_page:
    """Plot the gap over the dose."""
    input:
        code=code("modelworks.livebench.leak_page"),
        results="artifacts/livebench/leak/results.json",
    output:
        page=report(
            "artifacts/livebench/leak.html",
            caption="../report/livebench_leak.rst",
            category="livebench",
            labels={"what": "a leaked release"},
        ),
    log:
        "logs/livebench_leak_page.log",
    threads: 1
    resources:
        mem_mb=1000,
    shell:
        "python -m modelworks.build.run modelworks.livebench.leak_page --rule livebench_leak_page --log {log}"
        " --in code {input.code} --in results {input.results} --out page {output.page}"


rule livebench_claims:
    """Judge livebench's claims on the leak experiment's runs, against the margins of params.yaml."""
    input:
        code=code("modelworks.livebench.leak_claims"),
        results="artifacts/livebench/leak/results.json",
    output:
        claims="artifacts/livebench/claims.json",
    log:
        "logs/livebench_claims.log",
    threads: 1
    resources:
        mem_mb=500,
    params:
        reads=reads("livebench.leak.claims"),
    shell:
        "python -m modelworks.build.run modelworks.livebench.leak_claims --rule livebench_claims --log {log}"
        " --reads {params.reads} --in code {input.code} --in results {input.results} --out claims {output.claims}"


rule livebench_leak:
    """How well leaks are found, what a planted one does, and livebench's claims about it."""
    input:
        "artifacts/livebench/detection.json",
        "artifacts/livebench/leak.html",
        "artifacts/livebench/claims.json",
