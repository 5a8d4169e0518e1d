"""The audit, which computes sampled rows again on changed data and by other paths.

It proves that no feature depends on later data, and that training, evaluation and prediction agree. Start reading at
`auditing`, which calls the other modules.
"""
