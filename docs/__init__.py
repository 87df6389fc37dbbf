"""Documentation; what is generated is made by ``python -m docs.generate``."""
