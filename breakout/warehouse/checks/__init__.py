"""Checks of the source tables: rows of one table, tables against each other, and sums that are only reported."""
