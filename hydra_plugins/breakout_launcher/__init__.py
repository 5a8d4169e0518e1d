"""A Hydra launcher for sweeps of breakout's main job."""
