"""Sweeps: many runs of the main job, run by worker processes and ranked in a leaderboard.

`session` runs a sweep batch by batch. For each batch `planning` finds the dates and rows of the jobs, `workers` runs
the jobs (`external_jobs` if Hydra has another launcher), `progress` prints what happens, and `record` keeps the jobs in
sweep.json. At the end `results` reads the run folders, `ranking` ranks the jobs, and `leaderboard` writes the tables.
"""
