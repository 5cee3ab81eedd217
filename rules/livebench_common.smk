"""What the rules of livebench share: keys and kinds of its models, and the training text behind them."""

import re

from modelworks.livebench import training_text as livebench_training_text


def livebench_models(kind):
    """The models of a kind as the pattern of a wildcard."""
    names = [
        model
        for model, (key, _) in LIVEBENCH_MODELS.items()
        if LIVEBENCH["models"][key]["kind"] == kind
    ]
    return "|".join(map(re.escape, names)) or "(?!)"


def livebench_key(wildcards):
    """A model's key in params.yaml."""
    return LIVEBENCH_MODELS[wildcards.model][0]


def livebench_setting(*names):
    """Keys of a model in params.yaml, by name alone: their values decide how it is asked, and not what it answers."""
    return lambda wildcards: " ".join(
        f"livebench.models.{livebench_key(wildcards)}.{name}" for name in names
    )


def livebench_corpus(target):
    """The training text behind a target."""
    return _checked(livebench_training_text.from_rules, workflow.rules, target)


def livebench_model_corpus(wildcards):
    """The training text of a model: none is known of models that were not trained here."""
    if wildcards.model not in LIVEBENCH_K2:
        return []
    return livebench_corpus(f"artifacts/k2/checkpoints/{LIVEBENCH_K2[wildcards.model]}")


def livebench_passage_embeddings(texts):
    """Where the embeddings of training texts are."""
    return [
        f"artifacts/livebench/embeddings/{text.removeprefix('artifacts/').removesuffix('.parquet')}.safetensors"
        for text in texts
    ]
