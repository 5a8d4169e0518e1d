"""Bookmakers' prices beside predicted distributions of points: probabilities, bets and backtests."""
