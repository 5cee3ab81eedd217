"""Modelworks: every artifact is a target here. What is built with which values: params.yaml."""

import os
import sys

from snakemake.utils import min_version

min_version("9.27")

# Stages run with the interpreter that runs Snakemake, also where its environment was not activated.
os.environ["PATH"] = os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", os.defpath)])


include: "rules/common.smk"
include: "rules/k2.smk"


onstart:
    record_fingerprints()


rule all:
    """The default target."""
    default_target: True
    input:
        rules.k2.input,
