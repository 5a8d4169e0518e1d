"""Reports of computed figures, on the terminal and as pages for the browser.

The modules `*_tables` turn figures into tables and sentences, which `terminal` and `html` show; `html` adds charts.
"""

REPORT_FILE = "report.html"  # the page in the folder of a run, a sweep, a comparison, a backtest or the ledger
