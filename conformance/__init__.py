"""How an engine is driven and judged."""
