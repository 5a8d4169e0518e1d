"""The ledger (the record of served predictions): predictions made before games, their outcomes and their metrics.

The shadows (challengers that predict beside the model in production) are part of this package.
"""
