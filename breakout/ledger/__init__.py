"""The ledger: the predictions made before each game, their outcomes and metrics, and the shadows that also predict."""
