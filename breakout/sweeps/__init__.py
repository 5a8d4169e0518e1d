"""Many runs as one: a plan, shared work, processes, failures that stay their own, and a leaderboard."""
