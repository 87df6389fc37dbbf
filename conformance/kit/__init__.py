"""What helps an author connect an engine: a place to start from, and a smoke test step by step."""
