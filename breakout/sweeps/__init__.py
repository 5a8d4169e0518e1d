"""Sweeps: many runs of the main job under one plan, run by worker processes and ranked in a leaderboard."""
