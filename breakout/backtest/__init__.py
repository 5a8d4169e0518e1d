"""Backtests of past predictions against betting prices, and the expected value of a slate's prices.

A stake is computed for a price of a slate only if a backtest has shown an edge.
"""
