"""The figures of the longitudinal page, each a heading, an SVG and what it shows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy
import polars

from modelworks.k2.measures import seen_effect
from modelworks.lm.plots import (
    BLUE,
    COLOURS,
    GREEN,
    GREY,
    SKY,
    VERMILION,
    hatched,
    label_right,
    running_mean,
    svg,
    token_axis,
    with_interval,
)

CHANCE = 0.25
_NAMES = {
    "unigram": "unigram",
    "zlib": "zlib",
    "lzma": "lzma",
    "lzma_primed": "primed lzma",
    "lzma_primed_all": "lzma, all",
    "kneser_ney": "Kneser-Ney",
    "kneser_ney_all": "K.-Ney, all",
}


@dataclass(frozen=True)
class Figure:
    """`caption` says in a sentence or two what the SVG shows."""

    title: str
    svg: str
    caption: str


def figures(table: polars.DataFrame, baselines: Mapping[str, Any], log: polars.DataFrame) -> list[Figure]:
    """Those of every benchmark that the longitudinal `table` holds, and the training loss."""
    found = [_bits_per_byte(of_source, baselines) for of_source in _items(table, "bits_per_byte")]
    drawn: Sequence[tuple[str, Callable[[polars.DataFrame], Figure]]] = (
        ("arithmetic", _arithmetic),
        ("cloze", _cloze),
        ("copied", _copied),
        ("chunk_loss", _chunk_losses),
        ("chunk_loss", _memory),
    )
    for benchmark, draw in drawn:
        rows = table.filter(polars.col("benchmark") == benchmark, polars.col("value").is_not_null())
        if len(rows):
            found.append(draw(rows))
    return [*found, _training_loss(log)]


def _items(table: polars.DataFrame, benchmark: str) -> list[polars.DataFrame]:
    rows = table.filter(polars.col("benchmark") == benchmark, polars.col("value").is_not_null())
    return [group for _, group in rows.group_by("item", maintain_order=True)]


def _line(axes: Any, rows: polars.DataFrame, colour: str, dashed: bool = False) -> None:
    x = rows["training_tokens"].to_list()
    with_interval(axes, x, rows.select("value", "low", "high").rows(), colour, dashed)


def _bits_per_byte(rows: polars.DataFrame, baselines: Mapping[str, Any]) -> Figure:
    source = rows["item"][0]
    known = {_NAMES[name]: value for name, value in baselines.get(source, {}).items() if name in _NAMES}

    def draw(axes: Any) -> None:
        _line(axes, rows, BLUE)
        token_axis(axes, rows["training_tokens"])
        everything = [*known.values(), *rows["low"], *rows["high"]]
        axes.set_yscale("log", base=2)
        axes.set_ylim(min(v for v in everything if v > 0) / 1.08, max(everything) * 1.08)
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.set_ylabel("bits per byte")
        for value in known.values():
            axes.axhline(value, color=GREY, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
        last = rows["value"][-1]
        labels = [(value, f"{name} {value:.2f}", GREY) for name, value in known.items()]
        label_right(axes, [*labels, (last, f"model {last:.2f}", BLUE)], 0.075)

    caption = (
        f"Held-out text of the source {source}, {rows['bytes'][-1]:,} bytes at the last checkpoint; lower is better."
    )
    return Figure(f"Bits per byte: {source}", svg(draw, f"bits-{source}", caption), caption)


def _arithmetic(rows: polars.DataFrame) -> Figure:
    levels = [group for _, group in rows.group_by("item", maintain_order=True)]

    def draw(axes: Any) -> None:
        labels = []
        for index, level in enumerate(levels):
            round_, place = divmod(index, len(COLOURS))
            colour = COLOURS[place]
            _line(axes, level, colour, dashed=round_ > 0)
            labels.append((level["value"][-1], f"{level['item'][0]} {level['value'][-1]:.0%}", colour))
        token_axis(axes, rows["training_tokens"])
        _shares(axes, "exact match")
        label_right(axes, labels, 0.075)

    asked = ", ".join(f"{level['item'][0]} {level['count'][-1]}" for level in levels)
    caption = (
        "Greedy answers to problems whose operands were held out, right digit for digit; bars are 95 % intervals by "
        f"set of operands. Cases at the last checkpoint: {asked}."
    )
    return Figure("Arithmetic by level", svg(draw, "arithmetic", caption), caption)


def _cloze(rows: polars.DataFrame) -> Figure:
    def draw(axes: Any) -> None:
        axes.axhline(CHANCE, color=GREY, linewidth=1, linestyle=(0, (4, 3)))
        _line(axes, rows, GREEN)
        token_axis(axes, rows["training_tokens"])
        _shares(axes, "right")
        label_right(axes, [(CHANCE, "chance", GREY), (rows["value"][-1], f"{rows['value'][-1]:.0%}", GREEN)], 0.075)

    caption = (
        f"Which of four endings is likeliest per byte, {rows['count'][-1]} items from held-out documents of "
        f"{rows['item'][0]}; bars are 95 % intervals by document."
    )
    return Figure("Cloze", svg(draw, "cloze", caption), caption)


def _copied(rows: polars.DataFrame) -> Figure:
    def draw(axes: Any) -> None:
        _line(axes, rows, VERMILION)
        token_axis(axes, rows["training_tokens"])
        top = max(0.02, *(1.1 * high for high in rows["high"]))
        axes.set_ylim(-0.02 * top, top)
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:.1%}" if top < 0.1 else f"{value:.0%}")
        axes.set_ylabel("copied share")

    caption = (
        f"Of all runs of 8 words in the samples ({rows['count'][-1]:,} at the last checkpoint), the share that the "
        "training text holds too; bars are 95 % intervals by sample."
    )
    return Figure("Copied from the training text", svg(draw, "copied", caption), caption)


def _chunk_losses(rows: polars.DataFrame) -> Figure:
    checkpoints = list(dict.fromkeys(rows["checkpoint"]))
    chunks = list(dict.fromkeys(rows["item"]))
    loss, seen = (
        rows.pivot(on="checkpoint", index="item", values=column, maintain_order=True).select(checkpoints).to_numpy()
        for column in ("value", "seen")
    )
    seen = seen.astype(bool)

    def draw(axes: Any) -> None:
        mesh = axes.pcolormesh(loss, cmap="viridis_r", norm="log", edgecolors="white", linewidth=0.4)
        for row, column in zip(*numpy.nonzero(~seen), strict=True):
            hatched(axes, column, row)
        for row, column in zip(*numpy.nonzero(seen[:, 1:] != seen[:, :-1]), strict=True):
            axes.plot([column + 1, column + 1], [row, row + 1], color=VERMILION, linewidth=2.5)
        for row, column in zip(*numpy.nonzero(seen[1:] != seen[:-1]), strict=True):
            axes.plot([column, column + 1], [row + 1, row + 1], color=VERMILION, linewidth=2.5)
        every = 1 + max(len(chunks), len(checkpoints)) // 13
        axes.set_xticks(numpy.arange(len(checkpoints))[::every] + 0.5, [c[:3] for c in checkpoints[::every]])
        axes.set_yticks(numpy.arange(len(chunks))[::every] + 0.5, chunks[::every])
        axes.tick_params(axis="x", labelrotation=90, length=0, labelsize=10)
        axes.tick_params(axis="y", length=0, labelsize=10)
        axes.set_xlabel("checkpoint")
        axes.set_ylabel("chunk of the training sequence")
        bar = axes.figure.colorbar(mesh, ax=axes, label="nats per token", pad=0.02)
        for which in (bar.ax.yaxis.set_major_formatter, bar.ax.yaxis.set_minor_formatter):
            which(lambda value, _: f"{value:.3g}")

    caption = (
        "Loss of each checkpoint on a sample of the rows of each chunk. Hatched, beyond the red line: the checkpoint "
        "has not trained on that chunk yet. Memorized text would show as a step in colour at the line."
    )
    return Figure("Loss by chunk and checkpoint", svg(draw, "chunks", caption, (5.2, 4.4)), caption)


def _memory(rows: polars.DataFrame) -> Figure:
    """Mean nats per token of seen and of unseen chunks, sums over sums."""
    sums = rows.group_by("training_tokens", "seen").agg(loss=polars.col("nats").sum() / polars.col("count").sum())
    parts = {seen: sums.filter(polars.col("seen") == seen).sort("training_tokens") for seen in (True, False)}

    def draw(axes: Any) -> None:
        labels = []
        for seen, colour, name in ((True, VERMILION, "seen"), (False, BLUE, "not yet")):
            part = parts[seen]
            if len(part):
                axes.plot(part["training_tokens"], part["loss"], color=colour, marker="o", markersize=4, linewidth=1.6)
                labels.append((part["loss"][-1], name, colour))
        token_axis(axes, rows["training_tokens"])
        axes.set_ylabel("nats per token")
        label_right(axes, labels, 0.075)

    effect = seen_effect(rows)
    told = (
        "" if effect is None else f" Between equal chunks and checkpoints, having trained on it: {-effect:+.3f} nats."
    )
    caption = (
        "The same losses, over the chunks that the checkpoint has trained on and over those that it has not. Chunks "
        f"share sources that occur more than once, so both may hold text that was read before.{told}"
    )
    return Figure("Seen and unseen chunks", svg(draw, "memory", caption), caption)


def _training_loss(log: polars.DataFrame) -> Figure:
    def draw(axes: Any) -> None:
        axes.plot(log["tokens"], log["loss"], color=SKY, linewidth=0.7, alpha=0.6)
        axes.plot(log["tokens"], running_mean(log["loss"].to_list()), color=BLUE, linewidth=1.8)
        token_axis(axes, log["tokens"])
        axes.set_ylabel("nats per token")

    caption = "Loss of each training batch before its update, and its running mean."
    return Figure("Training loss", svg(draw, "training", caption), caption)


def _shares(axes: Any, label: str) -> None:
    axes.set_ylim(-0.02, 1.02)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1])
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.set_ylabel(label)
