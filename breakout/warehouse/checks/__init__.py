"""Checks of the source tables: rows of one table, tables against each other, and sums.

Sums that differ are only reported; the other checks raise an error.
"""
