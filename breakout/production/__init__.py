"""The use of a saved bundle after training: evaluation on later games, slates, promotion and the registry."""
