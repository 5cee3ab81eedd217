"""k2's loss spikes: those of the main run, and small trainings with a planted fault, each seed and arm a wildcard."""

from modelworks.k2 import spike_arms

K2_SPIKES = reads(
    "k2.spikes.seeds", "k2.spikes.calibration_seeds", "k2.spikes.fault.strengths"
)
K2_SPIKE_ARMS = spike_arms.arms(K2_SPIKES["k2.spikes.fault.strengths"])
K2_SPIKE_RUNS = [
    f"artifacts/k2/spikes/runs/{seed}/{arm}"
    for seed in K2_SPIKES["k2.spikes.seeds"]
    for arm in (spike_arms.PREFIX, *K2_SPIKE_ARMS)
]
K2_SPIKE_BEGINNING = (
    "seed",
    "k2.tokenizer.vocab_size",
    "k2.spikes.model",
    "k2.spikes.train",
    "k2.spikes.fault.chunk",
)
K2_SPIKE_READS = reads(
    *K2_SPIKE_BEGINNING,
    "k2.spikes.fault.kind",
    "k2.spikes.fault.branch_strength",
    "k2.spikes.fault.brief_steps",
)


rule k2_spike_data:
    """Cut rows of the main run's chunks for the experiment, and draw held-out text."""
    input:
        code=code("modelworks.k2.spike_data"),
        chunks=expand(
            "artifacts/k2/chunks/{chunk}.safetensors",
            chunk=K2_CHUNKS[: K2_RUN["base_chunks"]],
        ),
        tokens=expand(
            "artifacts/k2/tokens/validation/{text}.safetensors", text=K2_TEXTS
        ),
        index=expand("artifacts/k2/tokens/validation/{text}.parquet", text=K2_TEXTS),
    output:
        data="artifacts/k2/spikes/data.safetensors",
    log:
        "logs/k2_spike_data.log",
    threads: 1
    resources:
        mem_mb=1000,
    params:
        reads=reads("seed", "k2.spikes.train.context", "k2.spikes.held_out_tokens"),
    shell:
        "python -m modelworks.build.run modelworks.k2.spike_data --rule k2_spike_data --log {log} --reads {params.reads}"
        " --in code {input.code} --in chunks {input.chunks} --in tokens {input.tokens} --in index {input.index}"
        " --out data {output.data}"


rule k2_spike_prefix:
    """Train the chunks before the faulty one: the beginning that all arms of a seed share."""
    input:
        code=code("modelworks.k2.spike_run"),
        data="artifacts/k2/spikes/data.safetensors",
    output:
        log="artifacts/k2/spikes/runs/{spike_seed}/prefix.log.parquet",
        scores="artifacts/k2/spikes/runs/{spike_seed}/prefix.scores.parquet",
        checkpoint=directory("artifacts/k2/spikes/checkpoints/{spike_seed}"),
    log:
        "logs/k2_spike_prefix/{spike_seed}.log",
    wildcard_constraints:
        spike_seed=r"\d+",
    threads: 1
    resources:
        mem_mb=2000,
    params:
        reads=reads(*K2_SPIKE_BEGINNING),
    shell:
        "python -m modelworks.build.run modelworks.k2.spike_run --rule k2_spike_prefix --log {log}"
        " --reads {params.reads} --arg seed={wildcards.spike_seed} --arg arm=prefix"
        " --in code {input.code} --in data {input.data}"
        " --out log {output.log} --out scores {output.scores} --out checkpoint {output.checkpoint}"


rule k2_spike_arm:
    """Go on from the beginning in one of the arms: clean, faulty, or rolled back."""
    input:
        code=code("modelworks.k2.spike_run"),
        data="artifacts/k2/spikes/data.safetensors",
        checkpoint="artifacts/k2/spikes/checkpoints/{spike_seed}",
    output:
        log="artifacts/k2/spikes/runs/{spike_seed}/{spike_arm}.log.parquet",
        scores="artifacts/k2/spikes/runs/{spike_seed}/{spike_arm}.scores.parquet",
    log:
        "logs/k2_spike_arm/{spike_seed}/{spike_arm}.log",
    wildcard_constraints:
        spike_seed=r"\d+",
        spike_arm=r"clean|fault-[\d.e-]+|brief|moved|again|reshuffled",
    threads: 1
    resources:
        mem_mb=2000,
    params:
        reads=K2_SPIKE_READS,
    shell:
        "python -m modelworks.build.run modelworks.k2.spike_run --rule k2_spike_arm --log {log}"
        " --reads {params.reads} --arg seed={wildcards.spike_seed} --arg arm={wildcards.spike_arm}"
        " --in code {input.code} --in data {input.data} --in checkpoint {input.checkpoint}"
        " --out log {output.log} --out scores {output.scores}"


rule k2_spike_calibration:
    """Choose the detector's thresholds on clean runs of seeds that it is not judged on."""
    input:
        code=code("modelworks.k2.spike_calibration"),
        logs=expand(
            "artifacts/k2/spikes/runs/{seed}/{arm}.log.parquet",
            seed=K2_SPIKES["k2.spikes.calibration_seeds"],
            arm=[spike_arms.PREFIX, "clean"],
        ),
    output:
        settings="artifacts/k2/spikes/settings.json",
    log:
        "logs/k2_spike_calibration.log",
    threads: 1
    resources:
        mem_mb=500,
    params:
        reads=reads("k2.spikes.detection"),
    shell:
        "python -m modelworks.build.run modelworks.k2.spike_calibration --rule k2_spike_calibration --log {log}"
        " --reads {params.reads} --in code {input.code} --in logs {input.logs} --out settings {output.settings}"


rule k2_spikes:
    """Find the loss spikes of the main run in its training log."""
    input:
        code=code("modelworks.k2.spikes"),
        log="artifacts/k2/training_log.parquet",
        settings="artifacts/k2/spikes/settings.json",
    output:
        spikes="artifacts/k2/spikes.json",
    log:
        "logs/k2_spikes.log",
    threads: 1
    resources:
        mem_mb=500,
    shell:
        "python -m modelworks.build.run modelworks.k2.spikes --rule k2_spikes --log {log}"
        " --in code {input.code} --in log {input.log} --in settings {input.settings} --out spikes {output.spikes}"


rule k2_spike_results:
    """Run the detector over every arm of every judged seed, and compare the branches."""
    input:
        code=code("modelworks.k2.spike_results"),
        logs=[f"{run}.log.parquet" for run in K2_SPIKE_RUNS],
        scores=[f"{run}.scores.parquet" for run in K2_SPIKE_RUNS],
        settings="artifacts/k2/spikes/settings.json",
    output:
        results="artifacts/k2/spikes/results.json",
        detection="artifacts/k2/spikes/detection.csv",
        branches="artifacts/k2/spikes/branches.csv",
    log:
        "logs/k2_spike_results.log",
    threads: 1
    resources:
        mem_mb=500,
    params:
        reads=reads(
            "k2.spikes.fault", "k2.spikes.train.chunks", "k2.spikes.measured_after"
        ),
    shell:
        "python -m modelworks.build.run modelworks.k2.spike_results --rule k2_spike_results --log {log}"
        " --reads {params.reads} --in code {input.code} --in logs {input.logs} --in scores {input.scores}"
        " --in settings {input.settings}"
        " --out results {output.results} --out detection {output.detection} --out branches {output.branches}"


rule k2_spikes_report:
    """Show the spikes of the main run and the experiment on one page."""
    input:
        code=code("modelworks.k2.spike_page"),
        results="artifacts/k2/spikes/results.json",
        logs=[f"{run}.log.parquet" for run in K2_SPIKE_RUNS],
        scores=[f"{run}.scores.parquet" for run in K2_SPIKE_RUNS],
        log="artifacts/k2/training_log.parquet",
        spikes="artifacts/k2/spikes.json",
    output:
        page=report(
            "artifacts/k2/spikes.html",
            caption="../report/k2_spikes.rst",
            category="k2: pretraining",
            labels={"what": "loss spikes"},
        ),
    log:
        "logs/k2_spikes_report.log",
    threads: 1
    resources:
        mem_mb=1000,
    shell:
        "python -m modelworks.build.run modelworks.k2.spike_page --rule k2_spikes_report --log {log}"
        " --in code {input.code} --in results {input.results} --in logs {input.logs} --in scores {input.scores}"
        " --in log {input.log} --in spikes {input.spikes} --out page {output.page}"


rule k2_claims:
    """Judge k2's claims on the experiment's runs, against the margins of params.yaml."""
    input:
        code=code("modelworks.k2.claims"),
        results="artifacts/k2/spikes/results.json",
    output:
        claims="artifacts/k2/claims.json",
    log:
        "logs/k2_claims.log",
    threads: 1
    resources:
        mem_mb=500,
    params:
        reads=reads("k2.claims"),
    shell:
        "python -m modelworks.build.run modelworks.k2.claims --rule k2_claims --log {log} --reads {params.reads}"
        " --in code {input.code} --in results {input.results} --out claims {output.claims}"
