"""The use of a bundle (a saved model) after training: evaluation on later games, slates, promotion and the registry.

A slate lists the ranked players of one day's games. The registry records which model is in production.
"""
