"""What follows training: a saved bundle in; later games, slates, the gate, the model in production out."""
