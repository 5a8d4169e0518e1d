"""The steps of one experiment: its plan, its fits, their evaluation on later games, and the metrics of the run."""
