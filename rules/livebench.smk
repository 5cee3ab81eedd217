"""livebench: fresh questions by release, answered by models, judged by objective scorers, averaged on one page.

Who answers: livebench_answer.smk. What a model has seen in training: livebench_contamination.smk.
"""

from modelworks.livebench import releases as livebench_releases

LIVEBENCH = reads("livebench")["livebench"]
LIVEBENCH_RELEASES = sorted(LIVEBENCH["releases"])
# By name: the key in params.yaml and, of a k2 model, the checkpoint.
LIVEBENCH_MODELS = livebench_releases.models_of(LIVEBENCH, K2_CHECKPOINTS)
LIVEBENCH_K2 = {
    model: checkpoint
    for model, (_, checkpoint) in LIVEBENCH_MODELS.items()
    if checkpoint
}
LIVEBENCH_GUESSERS = [
    model
    for model, (key, _) in LIVEBENCH_MODELS.items()
    if LIVEBENCH["models"][key].get("solver") == "random"
]
LIVEBENCH_COMPARED = LIVEBENCH_MODELS if LIVEBENCH["contamination"]["enabled"] else []


wildcard_constraints:
    release=r"\d{4}-\d{2}-\d{2}",
    model=r"[A-Za-z0-9][A-Za-z0-9._-]*",


rule livebench_generate:
    """Make the questions that are new in one release, from the seed, the release and the tasks that it has."""
    input:
        code=code("modelworks.livebench.generate"),
    output:
        questions="artifacts/livebench/generated/{release}.parquet",
    log:
        "logs/livebench_generate/{release}.log",
    threads: 1
    resources:
        mem_mb=1000,
    params:
        reads=lambda wildcards: reads(
            "seed",
            f"livebench.releases.{wildcards.release}.sources",
            *(
                f"livebench.tasks.{task}.questions"
                for task in livebench_releases.tasks_of(LIVEBENCH, wildcards.release)
            ),
        ),
        tasks=lambda wildcards: ",".join(
            livebench_releases.tasks_of(LIVEBENCH, wildcards.release)
        ),
    shell:
        "python -m modelworks.build.run modelworks.livebench.generate --rule livebench_generate --log {log}"
        " --reads {params.reads} --in code {input.code} --arg release={wildcards.release} --arg tasks={params.tasks}"
        " --out questions {output.questions}"


rule livebench_prove:
    """Prove each new question of a release by something other than its generator."""
    input:
        code=code("modelworks.livebench.prove"),
        generated="artifacts/livebench/generated/{release}.parquet",
    output:
        questions="artifacts/livebench/questions/{release}.parquet",
    log:
        "logs/livebench_prove/{release}.log",
    threads: 1
    resources:
        mem_mb=1000,
    shell:
        # Code is proven by running it in a sandbox, which no closed-in process can start.
        "python -m modelworks.build.run modelworks.livebench.prove --rule livebench_prove --log {log} --open"
        " --in code {input.code} --in generated {input.generated} --out questions {output.questions}"


rule livebench_select:
    """The questions that are in a release: its new ones, and those of earlier releases that are not removed."""
    input:
        code=code("modelworks.livebench.select"),
        shards=lambda wildcards: [
            f"artifacts/livebench/questions/{release}.parquet"
            for release in LIVEBENCH_RELEASES
            if release <= wildcards.release
        ],
    output:
        questions="artifacts/livebench/releases/{release}.parquet",
        summary="artifacts/livebench/releases/{release}.json",
    log:
        "logs/livebench_select/{release}.log",
    threads: 1
    resources:
        mem_mb=1000,
    params:
        reads=reads(
            "livebench.releases",
            "livebench.removed_after",
            "livebench.minimum_release",
            *(f"livebench.tasks.{task}.removed" for task in LIVEBENCH["tasks"]),
        ),
    shell:
        "python -m modelworks.build.run modelworks.livebench.select --rule livebench_select --log {log}"
        " --reads {params.reads} --in code {input.code} --in shards {input.shards} --arg release={wildcards.release}"
        " --out questions {output.questions} --out summary {output.summary}"


rule livebench_judge:
    """Judge what a model answered to the new questions of a release; too many errors fail."""
    input:
        code=code("modelworks.livebench.judge"),
        questions="artifacts/livebench/questions/{release}.parquet",
        answers="artifacts/livebench/answers/{model}/{release}.parquet",
    output:
        judgments="artifacts/livebench/judgments/{model}/{release}.parquet",
    log:
        "logs/livebench_judge/{model}/{release}.log",
    threads: 1
    resources:
        mem_mb=2000,
    params:
        reads=reads("livebench.most_errors", "livebench.sandbox"),
    shell:
        # Model-written code runs in a sandbox, which no closed-in process can start.
        "python -m modelworks.build.run modelworks.livebench.judge --rule livebench_judge --log {log} --open"
        " --reads {params.reads} --in code {input.code} --in questions {input.questions} --in answers {input.answers}"
        " --arg model={wildcards.model} --arg release={wildcards.release} --out judgments {output.judgments}"


rule livebench_leaderboard:
    """All models on all releases: averages, intervals, paired comparisons, one page."""
    input:
        code=code("modelworks.livebench.leaderboard"),
        releases=expand(
            "artifacts/livebench/releases/{release}.parquet",
            release=LIVEBENCH_RELEASES,
        ),
        judgments=expand(
            "artifacts/livebench/judgments/{model}/{release}.parquet",
            model=LIVEBENCH_MODELS,
            release=LIVEBENCH_RELEASES,
        ),
        # None while contamination is off.
        contamination=expand(
            "artifacts/livebench/contamination/{model}.parquet",
            model=LIVEBENCH_COMPARED,
        ),
    output:
        table="artifacts/livebench/leaderboard.parquet",
        comparisons="artifacts/livebench/comparisons.parquet",
        summary="artifacts/livebench/leaderboard.json",
        page=report(
            "artifacts/livebench/leaderboard.html",
            caption="../report/livebench_leaderboard.rst",
            category="livebench",
            labels={"what": "leaderboard"},
        ),
    log:
        "logs/livebench_leaderboard.log",
    threads: 1
    resources:
        mem_mb=2000,
    params:
        reads=reads("seed", "livebench.bootstrap"),
        releases=",".join(LIVEBENCH_RELEASES),
    shell:
        "python -m modelworks.build.run modelworks.livebench.leaderboard --rule livebench_leaderboard --log {log}"
        " --reads {params.reads} --in code {input.code} --in releases {input.releases}"
        " --in judgments {input.judgments} --in contamination {input.contamination} --arg releases={params.releases}"
        " --out table {output.table} --out comparisons {output.comparisons} --out summary {output.summary}"
        " --out page {output.page}"


rule livebench_live:
    """The leaderboard's rows of k2's checkpoints, with what each was trained on, and a plot over training."""
    input:
        code=code("modelworks.livebench.live"),
        leaderboard="artifacts/livebench/leaderboard.parquet",
        checkpoints=expand(
            "artifacts/k2/checkpoints/{checkpoint}", checkpoint=LIVEBENCH_K2.values()
        ),
    output:
        table="artifacts/livebench/live.parquet",
        page=report(
            "artifacts/livebench/live.html",
            caption="../report/livebench_live.rst",
            category="livebench",
            labels={"what": "k2 over training"},
        ),
    log:
        "logs/livebench_live.log",
    threads: 1
    resources:
        mem_mb=1000,
    params:
        models=",".join(LIVEBENCH_K2),
        references=",".join(LIVEBENCH_GUESSERS),
    shell:
        "python -m modelworks.build.run modelworks.livebench.live --rule livebench_live --log {log}"
        " --in code {input.code} --in leaderboard {input.leaderboard} --in checkpoints {input.checkpoints}"
        " --arg models={params.models} --arg references={params.references}"
        " --out table {output.table} --out page {output.page}"


rule livebench:
    """The releases of params.yaml, all models' answers, the leaderboard, k2's live results, how well leaks are found."""
    input:
        "artifacts/livebench/leaderboard.html",
        "artifacts/livebench/live.html",
        expand(
            "artifacts/livebench/releases/{release}.json", release=LIVEBENCH_RELEASES
        ),
        # None while contamination is off.
        ["artifacts/livebench/detection.json"] if LIVEBENCH_COMPARED else [],
