"""Every figure about a set of probabilities, computed once, with its uncertainty; `summary` is the way in."""
