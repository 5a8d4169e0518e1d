"""The audit of features, which computes sampled rows again on changed data and by other paths.

A path is a function that builds rows: for training, evaluation or prediction. The audit checks that no feature depends
on later data, and that the paths agree. Start reading at `auditing`, which calls the other modules.
"""
