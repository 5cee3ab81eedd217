"""k2: transparent pretraining."""
