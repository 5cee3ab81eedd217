"""Modelworks: every artifact is a target here. What is built with which values: params.yaml."""

from snakemake.utils import min_version

from modelworks.build import workspace

min_version("9.27")
workspace.prefer_own_interpreter()


include: "rules/common.smk"
include: "rules/k2.smk"
include: "rules/livebench.smk"
include: "rules/livebench_common.smk"
include: "rules/livebench_answer.smk"
include: "rules/livebench_contamination.smk"
include: "rules/eeipu.smk"
include: "rules/eeipu_claims.smk"
include: "rules/claims.smk"


check_commands()


onstart:
    record_fingerprints()


rule all:
    """The default target."""
    default_target: True
    input:
        rules.k2.input,
