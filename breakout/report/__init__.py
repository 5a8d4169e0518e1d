"""Reports: tables on the terminal and pages for the browser. This package computes no figures."""
