"""Bookmakers' prices compared with predicted distributions of points: probabilities, bets and backtests."""
