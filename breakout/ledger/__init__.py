"""The ledger: what was predicted before each game, what became of it, and how good the predictions were."""
