"""The use of a bundle (a saved model) after training: evaluation on later games, slates, promotion and the registry.

A slate has the games of one day and their ranked players. The registry records which model is in production.
"""
