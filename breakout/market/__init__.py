"""Bookmakers' prices compared with predicted distributions of points: market probabilities, bets and backtests."""
