"""`modelworks k2 plan`: what a pretraining run takes, and the model itself on the meta device."""

import argparse
import json
from pathlib import Path
from typing import Any


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--preset", metavar="NAME", help="lay presets/NAME.yaml over params.yaml")
    parser.add_argument("--directory", "-d", type=Path, default=Path(), help="the workspace (default: here)")
    parser.add_argument("--gpu", default="A100", metavar="NAME", help="A100, H100, ... (default: %(default)s)")
    parser.add_argument("--gpus", type=_count, metavar="N", help="how many (default: k2.train.ranks)")
    parser.add_argument(
        "--mfu",
        type=_share,
        default=0.4,
        help="share of the dense bfloat16 peak that is reached (default: %(default)s)",
    )
    parser.add_argument("--price", type=_price, metavar="P", help="of a GPU hour (default: prices.gpu of params.yaml)")
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the plan. Raises PlanError if the model that is built has another number of parameters."""
    from modelworks.k2 import run_plan

    params = run_plan.read(options.directory, options.preset)
    price = params["prices"]["gpu"] if options.price is None else options.price
    hardware = run_plan.Hardware(options.gpu, options.gpus or params["k2"]["train"]["ranks"], options.mfu, price)
    planned = run_plan.plan(params, hardware)
    planned["built_on_meta"] = run_plan.parameters_on_meta(params)
    if planned["built_on_meta"] != planned["parameters"]["total"]:
        raise run_plan.PlanError(
            f"the model has {planned['built_on_meta']:,} parameters when it is built,"
            f" {planned['parameters']['total']:,} by its params"
        )
    print(json.dumps(planned, indent=1) if options.json else _text(planned, params["prices"]["currency"]))
    return 0


def _text(planned: dict[str, Any], currency: str) -> str:
    from modelworks.build.quantities import duration, money, size

    hardware = planned["hardware"]
    lines = ["parameters"]
    lines += [f"  {name.replace('_', '-'):16}{count:>20,}" for name, count in planned["parameters"].items()]
    lines += [f"  {'on meta device':16}{planned['built_on_meta']:>20,}", ""]
    checkpointing = "with" if planned["activation_checkpointing"] else "without"
    lines += [
        f"memory per GPU: {hardware['gpus']} x {hardware['gpu']}"
        + (f", {planned['parallel']}" if hardware["gpus"] > 1 else "")
        + f", {planned['micro_batch_tokens']:,} tokens at a time, {checkpointing} activation checkpointing"
    ]
    lines += [f"  {name:16}{size(count):>20}" for name, count in planned["memory_per_gpu"].items()]
    lines += [
        "",
        f"  {'phase':8}{'context':>8}{'chunks':>8}{'steps':>10}{'tokens':>22}{'FLOPs a token':>16}{'FLOPs':>12}",
    ]
    lines += [
        f"  {p['name']:8}{p['context']:>8}{p['chunks']:>8}{p['steps']:>10,}{p['tokens']:>22,}"
        f"{p['flops_per_token']:>16.3e}{p['flops']:>12.3e}"
        for p in planned["phases"]
    ]
    lines += [
        f"  {'all':34}{planned['tokens']:>22,}{'':16}{planned['flops']:>12.3e}",
        f"  by the rule 6 x parameters x tokens: {planned['six_n_d']:.3e}",
        "",
        f"at {hardware['mfu']:.0%} of {hardware['peak'] / 1e12:,.4g} TFLOP/s (dense bfloat16 peak):",
        f"  {planned['gpu_hours']:,.4g} GPU hours, {duration(planned['hours'] * 3600)} on {hardware['gpus']} GPUs,"
        f" {money(planned['money'], currency)} at {hardware['price']:g} {currency} for a GPU hour",
    ]
    return "\n".join(lines)


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number of at least 1, got {text!r}")
    return int(text)


def _share(text: str) -> float:
    value = _number(text)
    if not 0 < value <= 1:
        raise argparse.ArgumentTypeError(f"must be above 0 and at most 1, got {text!r}")
    return value


def _price(text: str) -> float:
    value = _number(text)
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"must be a number of at least 0, got {text!r}")
    return value


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")
