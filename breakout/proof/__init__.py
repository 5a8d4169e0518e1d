"""The audit of features, which computes sampled rows again on changed data and with other row builders.

A row builder is a function that builds rows for training, evaluation or prediction. The audit checks that no feature
depends on later data, and that the row builders agree. Start reading at `auditing`, which calls the other modules.
"""
