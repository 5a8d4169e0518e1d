"""The evaluation of predicted probabilities: metrics, intervals, slices (parts of the rows) and the verdict on a model.

Start reading at the module `summary`.
"""
