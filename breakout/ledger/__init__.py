"""The ledger: the record of served predictions, their outcomes and their metrics.

The shadows (challengers that are scored in parallel with the production model) are part of this package.
"""
