"""What the rules of livebench share: keys and kinds of its models, and the training text behind them."""

import functools
import re

from modelworks.livebench import training_text as livebench_training_text

# Where the weights of the models are that were trained here.
LIVEBENCH_TRAINED = {
    model: f"artifacts/k2/checkpoints/{checkpoint}"
    for model, checkpoint in LIVEBENCH_K2.items()
}


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


@functools.cache
def livebench_corpus(target):
    """The training text behind a target."""
    return _checked(livebench_training_text.from_rules, workflow.rules, target)


@functools.cache
def livebench_order(target):
    """The tables of the documents that were read on the way to a target."""
    return _checked(
        livebench_training_text.from_rules,
        workflow.rules,
        target,
        livebench_training_text.ORDERS,
    )


def livebench_whole_corpus(wildcards):
    """All training text of a system whose models are compared: of "k2" that of its checkpoints."""
    return sorted(
        {
            text
            for weights in LIVEBENCH_TRAINED.values()
            for text in livebench_corpus(weights)
        }
    )


def livebench_of_known_text(path):
    """For the input of a comparison: the paths of all releases for a model whose training text is known, else none."""
    return lambda wildcards: (
        expand(path, release=LIVEBENCH_RELEASES)
        if wildcards.model in LIVEBENCH_TRAINED
        else []
    )


def livebench_model_order(wildcards):
    """What a model has read of its training text: none is known of models that were not trained here."""
    weights = LIVEBENCH_TRAINED.get(wildcards.model)
    return livebench_order(weights) if weights else []


def livebench_model_passages(wildcards):
    """Where the embeddings of a model's training text are."""
    weights = LIVEBENCH_TRAINED.get(wildcards.model)
    return livebench_passage_embeddings(livebench_corpus(weights)) if weights else []


def livebench_passage_embeddings(texts):
    """Where the embeddings of training texts are."""
    return [
        f"artifacts/livebench/embeddings/{text.removeprefix('artifacts/').removesuffix('.parquet')}.safetensors"
        for text in texts
    ]
