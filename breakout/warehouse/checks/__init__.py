"""Checks of the source tables: rows of one table, tables against each other, and sums of players against teams.

Differences found in `reconciliation` are only reported; the other checks raise DataError.
"""
