"""Reports: tables on the terminal and pages for the browser. This package computes no figures."""

REPORT_FILE = "report.html"  # the page in the folder of a run, a sweep, a comparison, a backtest or the ledger
