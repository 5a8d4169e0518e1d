"""Backtests of past predictions against prices, and the prices of a slate with stakes from a backtest."""
