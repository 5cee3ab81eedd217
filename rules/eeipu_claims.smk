"""eeipu: what the comparison of methods shows, from the runs that `benchmarks/sweeps.py` has made and collected."""


rule eeipu_claims:
    """Judge eeipu's claims on the runs of the comparison."""
    input:
        code=code("modelworks.eeipu.claims"),
        runs="data/sweeps_benchmark.parquet",
    output:
        claims="artifacts/eeipu/claims.json",
    log:
        "logs/eeipu_claims.log",
    threads: 1
    resources:
        mem_mb=500,
    params:
        reads=reads("eeipu.claims"),
    shell:
        "python -m modelworks.build.run modelworks.eeipu.claims --rule eeipu_claims --log {log}"
        " --reads {params.reads} --in code {input.code} --in runs {input.runs} --out claims {output.claims}"


rule eeipu_comparison:
    """Show the comparison of methods: figures and tables on one page."""
    input:
        code=code("modelworks.eeipu.comparison"),
        runs="data/sweeps_benchmark.parquet",
    output:
        page=report(
            "artifacts/eeipu/comparison.html",
            caption="../report/eeipu_comparison.rst",
            category="eeipu: sweeps",
            labels={"what": "methods compared"},
        ),
    log:
        "logs/eeipu_comparison.log",
    threads: 1
    resources:
        mem_mb=500,
    params:
        reads=reads("eeipu.claims.confidence"),
    shell:
        "python -m modelworks.build.run modelworks.eeipu.comparison --rule eeipu_comparison --log {log}"
        " --reads {params.reads} --in code {input.code} --in runs {input.runs} --out page {output.page}"
