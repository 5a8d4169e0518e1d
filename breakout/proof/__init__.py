"""Proof that no feature sees the future and that all paths agree, by recomputing rows on changed data."""
