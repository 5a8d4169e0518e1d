"""The ledger: the predictions that models made before games, the outcomes of these predictions, and their metrics.

The shadows, challengers that predict beside the model in production, are part of this package.
"""
