"""Who answers livebench's questions: checkpoints of k2, models of the hub, endpoints, reference solvers."""


rule livebench_reference:
    """Answers of a solver that reads the answer key: right, guessed, or the most frequent one."""
    input:
        code=code("modelworks.livebench.reference"),
        questions="artifacts/livebench/questions/{release}.parquet",
    output:
        answers="artifacts/livebench/answers/{model}/{release}.parquet",
    log:
        "logs/livebench_reference/{model}/{release}.log",
    wildcard_constraints:
        model=livebench_models("reference"),
    threads: 1
    resources:
        mem_mb=1000,
    params:
        reads=reads("seed"),
        solver=lambda wildcards: LIVEBENCH["models"][livebench_key(wildcards)]["solver"],
    shell:
        "python -m modelworks.build.run modelworks.livebench.reference --rule livebench_reference --log {log}"
        " --reads {params.reads} --in code {input.code} --in questions {input.questions}"
        " --arg model={wildcards.model} --arg solver={params.solver} --out answers {output.answers}"


rule livebench_k2:
    """Answers of one checkpoint of k2, in batches."""
    input:
        code=code("modelworks.livebench.local"),
        questions="artifacts/livebench/questions/{release}.parquet",
        checkpoint=lambda wildcards: f"artifacts/k2/checkpoints/{LIVEBENCH_K2[wildcards.model]}",
        tokenizer="artifacts/k2/tokenizer.json",
    output:
        answers="artifacts/livebench/answers/{model}/{release}.parquet",
    log:
        "logs/livebench_k2/{model}/{release}.log",
    wildcard_constraints:
        model=livebench_models("k2"),
    threads: 1
    resources:
        mem_mb=2000,
    params:
        reads=lambda wildcards: reads(f"livebench.models.{livebench_key(wildcards)}"),
        key=livebench_key,
    shell:
        "python -m modelworks.build.run modelworks.livebench.local --rule livebench_k2 --log {log}"
        " --reads {params.reads} --in code {input.code} --in questions {input.questions}"
        " --in checkpoint {input.checkpoint} --in tokenizer {input.tokenizer}"
        " --arg model={wildcards.model} --arg key={params.key} --out answers {output.answers}"


rule livebench_hub:
    """Answers of a model of the hub, in batches."""
    input:
        code=code("modelworks.livebench.local"),
        questions="artifacts/livebench/questions/{release}.parquet",
    output:
        answers="artifacts/livebench/answers/{model}/{release}.parquet",
    log:
        "logs/livebench_hub/{model}/{release}.log",
    wildcard_constraints:
        model=livebench_models("huggingface"),
    threads: 1
    resources:
        mem_mb=16000,
        gpu=1,
    params:
        reads=lambda wildcards: reads(f"livebench.models.{livebench_key(wildcards)}"),
        key=livebench_key,
    shell:
        # Weights are read from the hub's cache, outside of what a closed-in process may open.
        "python -m modelworks.build.run modelworks.livebench.local --rule livebench_hub --log {log} --open"
        " --reads {params.reads} --in code {input.code} --in questions {input.questions}"
        " --arg model={wildcards.model} --arg key={params.key} --out answers {output.answers}"


rule livebench_folder:
    """Answers of a model in a folder, in batches."""
    input:
        code=code("modelworks.livebench.local"),
        questions="artifacts/livebench/questions/{release}.parquet",
        weights=lambda wildcards: LIVEBENCH["models"][livebench_key(wildcards)][
            "folder"
        ],
    output:
        answers="artifacts/livebench/answers/{model}/{release}.parquet",
    log:
        "logs/livebench_folder/{model}/{release}.log",
    wildcard_constraints:
        model=livebench_models("local"),
    threads: 1
    resources:
        mem_mb=16000,
        gpu=1,
    params:
        reads=lambda wildcards: reads(f"livebench.models.{livebench_key(wildcards)}"),
        key=livebench_key,
    shell:
        "python -m modelworks.build.run modelworks.livebench.local --rule livebench_folder --log {log}"
        " --reads {params.reads} --in code {input.code} --in questions {input.questions}"
        " --in weights {input.weights} --arg model={wildcards.model} --arg key={params.key}"
        " --out answers {output.answers}"


rule livebench_ask:
    """Ask an endpoint. What is memoized is what was declared: this endpoint, this model, as of this date."""
    input:
        code=code("modelworks.livebench.ask"),
        questions="artifacts/livebench/questions/{release}.parquet",
    output:
        replies="artifacts/livebench/replies/{model}/{release}.parquet",
    log:
        "logs/livebench_ask/{model}/{release}.log",
    wildcard_constraints:
        model=livebench_models("endpoint"),
    threads: 1
    resources:
        mem_mb=1000,
    params:
        reads=lambda wildcards: reads(
            *(
                f"livebench.models.{livebench_key(wildcards)}.{name}"
                for name in ("url", "model", "date", "most_tokens", "temperature")
            )
        ),
        settings=livebench_setting(
            "key_variable", "retries", "timeout_seconds", "concurrency"
        ),
        secret=livebench_setting("key_variable"),
        key=livebench_key,
    shell:
        "python -m modelworks.build.run modelworks.livebench.ask --rule livebench_ask --log {log}"
        " --reads {params.reads} --settings {params.settings} livebench.most_errors --secret {params.secret}"
        " --in code {input.code} --in questions {input.questions}"
        " --arg model={wildcards.model} --arg key={params.key} --out replies {output.replies}"


rule livebench_price:
    """What an endpoint answered, with what it cost."""
    input:
        code=code("modelworks.livebench.price"),
        replies="artifacts/livebench/replies/{model}/{release}.parquet",
    output:
        answers="artifacts/livebench/answers/{model}/{release}.parquet",
    log:
        "logs/livebench_price/{model}/{release}.log",
    wildcard_constraints:
        model=livebench_models("endpoint"),
    threads: 1
    resources:
        mem_mb=500,
    params:
        reads=lambda wildcards: reads(
            f"livebench.models.{livebench_key(wildcards)}.prices"
        ),
        key=livebench_key,
    shell:
        "python -m modelworks.build.run modelworks.livebench.price --rule livebench_price --log {log}"
        " --reads {params.reads} --in code {input.code} --in replies {input.replies} --arg key={params.key}"
        " --out answers {output.answers}"
