"""HTML pages: self-contained files that Jinja2 templates write, with charts as SVG."""
