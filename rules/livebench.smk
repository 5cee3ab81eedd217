"""livebench: fresh questions by release, answered by models, judged by objective scorers, averaged on one page.

Who answers: livebench_answer.smk. What a model has seen in training: livebench_contamination.smk.
"""

from modelworks.livebench import releases as livebench_releases

LIVEBENCH = reads("livebench")["livebench"]
LIVEBENCH_RELEASES = sorted(LIVEBENCH["releases"])
# By name: the key in params.yaml and, of a k2 model, the checkpoint.
LIVEBENCH_MODELS = livebench_releases.models_of(LIVEBENCH, K2_CHECKPOINTS)
LIVEBENCH_CONTAMINATION = LIVEBENCH["contamination"]["enabled"]


wildcard_constraints:
    release=r"\d{4}-\d{2}-\d{2}",
    model=r"[A-Za-z0-9][A-Za-z0-9._-]*",
