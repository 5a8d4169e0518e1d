"""One experiment: a plan, its fits, their evaluation on later rows, and the metrics of the run."""
