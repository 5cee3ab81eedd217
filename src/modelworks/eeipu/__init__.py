"""EEIPU (arXiv 2411.03731): memoization-aware tuning, as sweeps over the params of any target."""
