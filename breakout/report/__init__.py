"""Reports of runs, sweeps, slates, promotions, backtests and the ledger, on the terminal and as HTML pages.

A slate is the games of one day and their players. The ledger is the record of served predictions. The modules
`*_tables` build tables and sentences. The package `terminal` prints them, the package `html` writes them into pages
with charts.
"""

REPORT_FILE = "report.html"  # the name of the page in the folder of a run, sweep, comparison, backtest or ledger
