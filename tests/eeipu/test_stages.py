"""The graph of a sweep's target: which searched keys each stage depends on, their groups, and what is refused."""

import dataclasses
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelworks.build import workspace
from modelworks.eeipu import graph_faults, stages
from modelworks.eeipu.errors import SweepError
from modelworks.eeipu.stages import Graph, Metric
from modelworks.eeipu.trial import Group
from snakemake_executor_plugin_dvc.key import NotMemoized

from . import diamond
from .diamond import HORIZON, KEYS, SHARDS, TEST, TOKENS, VALIDATION, VOCAB, WARMUP


@pytest.fixture(scope="module")
def graphs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Graph]]:
    """The graph of the validation metric with one shard and with two, of the test metric, and of the unmarked one."""
    before = Path.cwd()
    root = diamond.repository(tmp_path_factory.mktemp("stages") / "repository").root
    workspace.create(root, root / "one")
    workspace.copy(root / "one", root / "two", {SHARDS: 2}, compiled=False)
    targets = {
        "one": ("one", VALIDATION.artifact),
        "two": ("two", VALIDATION.artifact),
        "test": ("one", TEST.artifact),
        "unmarked": ("one", "artifacts/unmarked.json"),
    }
    yield {name: stages.read(root / "Snakefile", root / place, target) for name, (place, target) in targets.items()}
    os.chdir(before)


def test_stages_with_the_same_searched_keys_are_one_group(graphs: dict[str, Graph]) -> None:
    found = stages.group({(): graphs["one"]}, KEYS)
    assert found == (
        Group("text", (VOCAB,), ("text",)),
        Group("left", tuple(sorted((VOCAB, WARMUP))), ("left",)),
        Group("right", tuple(sorted((VOCAB, HORIZON))), ("right",)),
        Group("joined+1", tuple(sorted(KEYS)), ("joined", "validation")),
    )
    assert stages.group({(): graphs["one"]}, (TOKENS,)) == (
        Group("text+2", (), ("text", "left", "right")),
        Group("joined+1", (TOKENS,), ("joined", "validation")),
    )


def test_a_section_covers_its_keys_and_a_key_its_section() -> None:
    assert stages.covers("k2.train", "k2.train.beta1") and stages.covers("k2.train.beta1", "k2.train")
    assert not stages.covers("k2.train", "k2.training") and not stages.covers("k2.train.beta1", "k2.train.beta2")


def test_what_no_memo_holds_is_a_group_of_its_own(graphs: dict[str, Graph]) -> None:
    graph = graphs["one"]
    plain = dataclasses.replace(graph.stages["validation"], spec=NotMemoized("a run: rule"))
    changed = Graph({**graph.stages, "validation": plain}, graph.structural)
    found = {group.name: group.stages for group in stages.group({(): changed}, KEYS)}
    assert found["joined"] == ("joined",) and found["validation"] == ("validation",)


def test_two_groups_that_begin_with_one_rule_have_two_names(graphs: dict[str, Graph]) -> None:
    graph = graphs["one"]
    right = dataclasses.replace(graph.stages["right"], name="left--2", rule="left")
    stage = {name: one for name, one in graph.stages.items() if name in ("text", "left")} | {"left--2": right}
    found = stages.group({(): Graph(stage, graph.structural)}, KEYS)
    assert [group.name for group in found] == ["text", "left", "left--2"]


def test_a_structural_key_counts_for_stages_that_differ_between_its_graphs(graphs: dict[str, Graph]) -> None:
    two = {((SHARDS, 1),): graphs["one"], ((SHARDS, 2),): graphs["two"]}
    depends = stages.dependencies(two, (SHARDS, VOCAB))
    assert depends["shard--1"] == {SHARDS, VOCAB}, "absent from one graph"
    assert depends["validation"] == {SHARDS, VOCAB}, "another command"
    assert depends["joined"] == {VOCAB}
    graph_faults.check(two, (SHARDS, VOCAB), VALIDATION.artifact, VALIDATION, None)


def test_shapes_are_all_combinations_of_few_structural_values(graphs: dict[str, Graph]) -> None:
    structural = graphs["one"].structural
    assert SHARDS in structural
    assert stages.shapes({VOCAB: None, WARMUP: [1, 2]}, structural) == [()]
    found = stages.shapes({VOCAB: None, SHARDS: [1, 2]}, structural)
    assert found == [((SHARDS, 1),), ((SHARDS, 2),)]
    base = {"k2": {"corpus": {"shards": 2}}}
    assert stages.shape_of({VOCAB: 3}, found, base) == ((SHARDS, 2),), "the base's value where it is not searched"
    with pytest.raises(SweepError, match=r"none of the shapes"):
        stages.shape_of({SHARDS: 3}, found, base)
    for values in (None, list(range(17))):
        with pytest.raises(SweepError, match=r"k2\.corpus\.shards: structural.*at most 16: give `choice:`"):
            stages.shapes({SHARDS: values}, structural)


def faults(graph: Graph, keys: tuple[str, ...], objective: Metric, test: Metric | None = None) -> str:
    with pytest.raises(SweepError) as caught:
        graph_faults.check({(): graph}, keys, "the target", objective, test)
    return str(caught.value)


def test_a_key_that_no_stage_reads_is_refused_and_the_nearest_named(graphs: dict[str, Graph]) -> None:
    text = faults(graphs["one"], (VOCAB, "k2.train.warmup_step", "prices.cpu"), VALIDATION).splitlines()
    assert len(text) == 2
    assert text[0].startswith("space: k2.train.warmup_step: no stage of the target reads it")
    assert text[0].endswith(f"the nearest key that one reads is {WARMUP}")
    assert text[1].startswith("space: prices.cpu: no stage of the target reads it")


def test_only_a_validation_metric_is_an_objective(graphs: dict[str, Graph]) -> None:
    text = faults(graphs["unmarked"], (VOCAB,), Metric("artifacts/unmarked.json", "loss"))
    assert "made by rule unmarked, which says nothing of it" in text and 'add measures="validation"' in text
    text = faults(graphs["test"], (VOCAB,), TEST)
    assert 'rule test, which says measures="test"' in text and "chose by a test set" in text
    text = faults(graphs["one"], (VOCAB,), Metric("artifacts/validations.json", "loss"))
    assert "no stage of the target makes artifacts/validations.json" in text
    assert "the nearest is artifacts/validation.json" in text


def test_the_test_metric_is_one_and_no_trial_makes_it(graphs: dict[str, Graph]) -> None:
    graph_faults.check_metric("test", graphs["test"], TEST, "test")
    with pytest.raises(SweepError, match='rule validation, which says measures="validation"'):
        graph_faults.check_metric("test", graphs["one"], VALIDATION, "test")
    assert "makes artifacts/validation.json, the test metric, in every trial" in faults(
        graphs["one"], (VOCAB,), VALIDATION, VALIDATION
    )
