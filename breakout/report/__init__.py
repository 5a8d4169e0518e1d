"""Reports of runs, sweeps, slates, promotions, backtests and the ledger, on the terminal and as HTML pages.

The modules `*_tables` build tables and sentences. The package `terminal` prints them; the package `html` writes them
into pages with charts.
"""

REPORT_FILE = "report.html"  # the name of the page in the folder of a run, sweep, comparison, backtest or ledger
