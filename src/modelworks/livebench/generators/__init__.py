"""The generators of questions, a file for each task."""
