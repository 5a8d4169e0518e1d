"""A Hydra launcher for sweeps of the command train."""
