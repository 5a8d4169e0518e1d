"""Everything that a job needs, imported once in the server from which workers are forked. Nothing in, nothing out."""

import pyarrow.parquet
import scipy.stats
import sklearn.linear_model
import sklearn.preprocessing

import breakout.models.catboost
import breakout.models.logistic
import breakout.report.page
import breakout.sweeps.running
import breakout.warehouse.cache

__all__ = ["breakout", "pyarrow", "scipy", "sklearn"]
