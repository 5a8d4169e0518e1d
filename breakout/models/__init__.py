"""Models behind one small protocol: fit on a training part, stop on a validation part, save as data without code."""
