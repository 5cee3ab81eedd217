"""Claims: what the papers say, tried here. A system's claims.json is one line of CLAIMS."""

CLAIMS = [
    "artifacts/k2/claims.json",
    "artifacts/livebench/claims.json",
    "artifacts/eeipu/claims.json",
]


rule claims:
    """Collect the claims of all systems in one file and on one page."""
    input:
        code=code("modelworks.claims.collect"),
        claims=CLAIMS,
    output:
        claims="artifacts/claims.json",
        page=report(
            "artifacts/claims.html",
            caption="../report/claims.rst",
            category="claims",
            labels={"what": "claims"},
        ),
    log:
        "logs/claims.log",
    threads: 1
    resources:
        mem_mb=500,
    shell:
        "python -m modelworks.build.run modelworks.claims.collect --rule claims --log {log}"
        " --in code {input.code} --in claims {input.claims}"
        " --out claims {output.claims} --out page {output.page}"
