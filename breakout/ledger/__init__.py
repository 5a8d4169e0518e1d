"""The ledger: the predictions made before each game, their outcomes, and metrics of the predictions."""
