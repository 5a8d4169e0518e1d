"""Past predictions, of a finished run or of the ledger, compared with prices."""
