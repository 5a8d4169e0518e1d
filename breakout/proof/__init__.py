"""The audit: proof that no feature sees the future and that all paths agree, by recomputing rows."""
