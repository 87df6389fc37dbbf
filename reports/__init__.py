"""One stream of result events in; terminal, JSON, JUnit, Markdown and HTML out."""
