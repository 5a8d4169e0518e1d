"""Sweeps: many runs of the main job, run by worker processes and ranked in a leaderboard."""
