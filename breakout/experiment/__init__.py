"""One experiment: from typed settings to a fitted model, judged on rows it has not seen, and what is written of it."""
