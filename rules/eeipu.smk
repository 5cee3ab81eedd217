"""eeipu: `snakemake sweep_NAME` runs or resumes sweeps/NAME.yaml and makes its table, page and plots.

Not part of the default target. A sweep is a loop of builds, each in a workspace of its own (modelworks.eeipu): no stage
of the graph, so the memo keeps none of it, but every trial's stages. It takes all cores, which its builds share.
"""

from pathlib import Path

from modelworks.eeipu import outer as eeipu_outer

for EEIPU_SWEEP in eeipu_outer.names(Path("sweeps")):

    rule:
        """Run or resume a sweep, and make its table, page and plots."""
        name:
            f"sweep_{EEIPU_SWEEP}"
        input:
            sweep=f"sweeps/{EEIPU_SWEEP}.yaml",
            params="params.yaml",
            presets=eeipu_outer.presets(Path(f"sweeps/{EEIPU_SWEEP}.yaml")),
        output:
            trials=f"artifacts/eeipu/{EEIPU_SWEEP}/trials.parquet",
            summary=f"artifacts/eeipu/{EEIPU_SWEEP}/summary.json",
            page=report(
                f"artifacts/eeipu/{EEIPU_SWEEP}/report.html",
                caption="../report/eeipu_sweep.rst",
                category="sweeps",
                labels={"sweep": EEIPU_SWEEP, "what": "page"},
            ),
            best=report(
                f"artifacts/eeipu/{EEIPU_SWEEP}/plots/best.svg",
                caption="../report/eeipu_sweep.rst",
                category="sweeps",
                labels={"sweep": EEIPU_SWEEP, "what": "best against cost"},
            ),
            reused=report(
                f"artifacts/eeipu/{EEIPU_SWEEP}/plots/reused.svg",
                caption="../report/eeipu_sweep.rst",
                category="sweeps",
                labels={"sweep": EEIPU_SWEEP, "what": "reuse"},
            ),
            importance=report(
                f"artifacts/eeipu/{EEIPU_SWEEP}/plots/importance.svg",
                caption="../report/eeipu_sweep.rst",
                category="sweeps",
                labels={"sweep": EEIPU_SWEEP, "what": "importance of keys"},
            ),
            calibration=report(
                f"artifacts/eeipu/{EEIPU_SWEEP}/plots/calibration.svg",
                caption="../report/eeipu_sweep.rst",
                category="sweeps",
                labels={"sweep": EEIPU_SWEEP, "what": "cost models"},
            ),
        log:
            f"logs/sweep_{EEIPU_SWEEP}.log",
        localrule: True
        threads: eeipu_outer.cores(workflow) or 1
        resources:
            mem_mb=2000,
            trial_cores=eeipu_outer.cores(workflow) or "all",  # no part of `params:`: other cores make no other table
        params:
            memo=False,
            profile=eeipu_outer.profile(sys.argv),
        shell:
            "python -m modelworks sweep {input.sweep} --cores {resources.trial_cores} {params.profile}"
            " --results $(dirname {output.page}) > {log} 2>&1"
