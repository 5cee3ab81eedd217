"""k2: the release, a folder that holds a whole run and can be checked by itself."""

# Of every stage whose results are in it: the rules files included so far.
K2_STAGE_CODE = sorted(
    {
        str(rule.input.code)
        for rule in workflow.rules
        if rule.name.startswith("k2_") and "code" in rule.input.keys()
    }
)


rule k2_release:
    """Put weights, order, logs, figures, code fingerprints and a model card into one folder, and hash every file."""
    input:
        code=code("modelworks.k2.release"),
        fingerprints=K2_STAGE_CODE,
        checkpoints=expand("artifacts/k2/checkpoints/{segment}", segment=K2_CHECKPOINTS),
        tokenizer="artifacts/k2/tokenizer.json",
        order=expand("artifacts/k2/order/{chunk}.parquet", chunk=K2_CHUNKS),
        order_summary="artifacts/k2/order.json",
        documents=expand("artifacts/k2/tokens/train/{text}.parquet", text=K2_TEXTS),
        log="artifacts/k2/training_log.parquet",
        metrics="artifacts/k2/metrics.json",
        longitudinal="artifacts/k2/longitudinal.parquet",
        baselines="artifacts/k2/baselines.json",
        pages=[
            "artifacts/k2/results.csv",
            "artifacts/k2/longitudinal.html",
            "artifacts/k2/gallery.html",
        ],
        galleries=expand("artifacts/k2/gallery/{segment}.json", segment=K2_CHECKPOINTS),
        report="artifacts/k2/corpus/report.json",
        overlap="artifacts/k2/corpus/overlap.json",
        statistics="artifacts/k2/corpus/statistics.parquet",
    output:
        bundle=directory("artifacts/k2/release"),
    log:
        "logs/k2_release.log",
    threads: 1
    resources:
        mem_mb=1000,
    params:
        reads=reads("seed", "k2"),
    shell:
        "python -m modelworks.build.run modelworks.k2.release --rule k2_release --log {log} --reads {params.reads}"
        " --in code {input.code} --in fingerprints {input.fingerprints} --in checkpoints {input.checkpoints}"
        " --in tokenizer {input.tokenizer} --in order {input.order} --in order_summary {input.order_summary}"
        " --in documents {input.documents} --in log {input.log} --in metrics {input.metrics}"
        " --in longitudinal {input.longitudinal} --in baselines {input.baselines} --in pages {input.pages}"
        " --in galleries {input.galleries}"
        " --in report {input.report} --in overlap {input.overlap} --in statistics {input.statistics}"
        " --out bundle {output.bundle}"
