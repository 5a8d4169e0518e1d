"""The evaluation of probabilities: metrics, intervals, slices and the verdict. Start reading at `summary`."""
