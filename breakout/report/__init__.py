"""Reports: tables on the terminal and pages for the browser, from figures that are already computed."""
