"""Pages for the browser: self-contained files from Jinja2 templates, with charts as SVG."""
