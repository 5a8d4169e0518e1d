"""Models behind one protocol: fitted on a training part, stopped on a validation part, saved as data without code."""
