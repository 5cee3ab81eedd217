"""Proofs that a question has exactly its answer, a file for each task; they share no code with the generators."""
