"""Prefixes are what good rows have built already, on chains and on DAGs."""

from modelworks.eeipu.prefixes import Prefix, merges, pool, unions
from modelworks.eeipu.trial import Group, Trial
from tests.eeipu.histories import CHAIN, DIAMOND, Sweep, chain, diamond

S, L, R, J = "s.x", "l.x", "r.x", "j.x"


def row(pipeline, number: int, s: float, l: float, r: float, j: float) -> Trial:  # noqa: E741
    values = {S: s, L: l, R: r, J: j}
    foresight = pipeline.foresee(values)
    return Trial(number, values, False, foresight, 0.0, {}, pipeline.run(number, values, foresight))


def test_a_chain_has_its_prefixes() -> None:
    keys = ("a", "b", "c")
    groups = [Group(str(n), keys[:n], (str(n),)) for n in range(4)]
    assert unions(groups, keys) == [frozenset("a"), frozenset("ab")]


def test_a_diamond_has_each_side_and_both() -> None:
    assert unions(diamond().groups, DIAMOND.keys) == [{S}, {L, S}, {R, S}, {L, R, S}]


def test_many_independent_stages_have_a_bounded_number_of_unions() -> None:
    keys = [f"k{i:02}" for i in range(30)]
    found = unions([Group(key, (key,), (key,)) for key in keys], keys, most=64)
    assert len(found) == 64 and [len(one) for one in found[:30]] == [1] * 30


def test_the_empty_prefix_is_there_and_knows_that_what_reads_no_key_is_restored() -> None:
    sweep = Sweep(CHAIN, chain(), 100.0, warm_up=2)
    found = pool(CHAIN, sweep.pipeline.groups, sweep.trials, sweep.pipeline)
    assert found[0] == Prefix(frozenset(), {}, (), found[0].hits) and found[0].hits == {"fetch"}
    assert all("fetch" in prefix.hits for prefix in found)
    assert [pool(CHAIN, sweep.pipeline.groups, [], sweep.pipeline)[0].keys] == [frozenset()]


def test_pinned_values_are_the_rows_to_the_last_bit() -> None:  # the original's defect iii
    sweep = Sweep(CHAIN, chain(), 100.0, warm_up=6)
    rows = {one.number: one.values for one in sweep.trials}
    found = [
        prefix for prefix in pool(CHAIN, sweep.pipeline.groups, sweep.trials, sweep.pipeline) if len(prefix.rows) == 1
    ]
    assert len(found) == 12
    for prefix in found:
        for key, value in prefix.pinned.items():
            assert value is rows[prefix.rows[0]][key]


def test_an_inactive_key_is_held_without_a_value() -> None:
    sweep = Sweep(CHAIN, chain(), 100.0, warm_up=8)
    adamw = [one for one in sweep.trials if one.values["train.optimizer"] == "adamw"]
    assert adamw
    longest = max(pool(CHAIN, sweep.pipeline.groups, adamw[:1], sweep.pipeline), key=lambda prefix: len(prefix.keys))
    assert "train.momentum" in longest.keys and "train.momentum" not in longest.pinned
    assert not longest.agrees({**adamw[0].values, "train.momentum": 0.5}, longest.keys)


def test_a_prefix_hits_the_groups_that_its_keys_fix_and_no_more() -> None:
    pipeline = diamond()
    found = {
        prefix.keys: prefix.hits
        for prefix in pool(DIAMOND, pipeline.groups, [row(pipeline, 1, 0.1, 0.2, 0.3, 0.4)], pipeline)
    }
    assert found == {
        frozenset(): frozenset(),
        frozenset({S}): {"source"},
        frozenset({S, L}): {"source", "left"},
        frozenset({S, R}): {"source", "right"},
        frozenset({S, L, R}): {"source", "left", "right"},
    }


def test_a_prefix_whose_object_is_gone_hits_no_more() -> None:
    pipeline = diamond()
    one = row(pipeline, 1, 0.1, 0.2, 0.3, 0.4)
    pipeline.forget("left", one.values)
    found = {prefix.keys: prefix.hits for prefix in pool(DIAMOND, pipeline.groups, [one], pipeline)}
    assert found[frozenset({S, L})] == {"source"} and found[frozenset({S, L, R})] == {"source", "right"}


def test_the_same_values_of_two_rows_are_one_prefix_of_the_better() -> None:
    pipeline = diamond()
    rows = [row(pipeline, 2, 0.1, 0.2, 0.3, 0.4), row(pipeline, 1, 0.1, 0.2, 0.9, 0.9)]
    found = pool(DIAMOND, pipeline.groups, rows, pipeline)
    assert [prefix.rows for prefix in found if prefix.keys == {S, L}] == [(2,)]
    assert len({(prefix.keys, tuple(prefix.pinned.items())) for prefix in found}) == len(found)


def test_rows_that_agree_where_they_meet_are_joined() -> None:
    pipeline = diamond()
    rows = [row(pipeline, 1, 0.1, 0.2, 0.3, 0.4), row(pipeline, 2, 0.1, 0.7, 0.8, 0.9)]
    joined = [prefix for prefix in pool(DIAMOND, pipeline.groups, rows, pipeline) if len(prefix.rows) == 2]
    assert {(prefix.pinned[L], prefix.pinned[R]) for prefix in joined} == {(0.2, 0.8), (0.7, 0.3)}
    assert all(prefix.hits == {"source", "left", "right"} for prefix in joined)


def test_rows_that_differ_where_they_meet_are_not_joined() -> None:
    pipeline = diamond()
    rows = [row(pipeline, 1, 0.1, 0.2, 0.3, 0.4), row(pipeline, 2, 0.11, 0.7, 0.8, 0.9)]
    assert merges(DIAMOND, unions(pipeline.groups, DIAMOND.keys), rows) == []


def test_joins_are_bounded_and_of_the_best_rows_first() -> None:
    pipeline = diamond()
    rows = [row(pipeline, n, 0.1, 0.1 * n, 0.05 * n, 0.5) for n in range(1, 7)]
    found = merges(DIAMOND, unions(pipeline.groups, DIAMOND.keys), rows, most=4)
    assert [source for _, _, source in found] == [(1, 2), (1, 3), (1, 4), (1, 5)]
