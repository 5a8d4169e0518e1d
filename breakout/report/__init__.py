"""What a person sees: tables on the terminal and pages in the browser, from numbers already computed."""
