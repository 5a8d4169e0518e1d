"""One experiment: a plan, its fits, their evaluation on rows that they have not seen, and the metrics of the run."""
