"""The objective scorers, a file for each task."""
