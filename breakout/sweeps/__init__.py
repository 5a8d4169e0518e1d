"""Sweeps: many runs (jobs) of `breakout train`, run by worker processes and ranked in a leaderboard.

- `session` runs a sweep in batches of jobs.
- `planning` finds the dates and rows of the jobs of a batch.
- `workers` runs the jobs; `external_jobs` runs them with another launcher of Hydra.
- `progress` prints what happens.
- `record` writes the jobs to sweep.json.
- `results` reads the run folders, `ranking` ranks the jobs, and `leaderboard` writes the ranked tables.
"""
