"""The audit: sampled rows are computed again, to prove that no feature depends on later data and all paths agree.

Start reading at `auditing`, which joins the steps.
"""
