"""Sweeps: many runs (jobs) of `breakout train`, run by worker processes and ranked in a leaderboard.

`session` runs a sweep in batches of jobs. For each batch, `planning` finds the dates and rows of the jobs. `workers`
runs the jobs; `external_jobs` runs them if the user chose another launcher of Hydra. `progress` prints what happens,
and `record` writes the jobs to sweep.json. At the end, `results` reads the run folders, `ranking` ranks the jobs, and
`leaderboard` writes the ranked tables.
"""
