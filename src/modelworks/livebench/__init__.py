"""LiveBench (White et al., ICLR 2025, arXiv 2406.19314): contamination-limited evaluation of every checkpoint."""
