"""HTML pages with charts. Each page is one self-contained file, written by a Jinja2 template."""
