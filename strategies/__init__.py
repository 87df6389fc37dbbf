"""Hypothesis strategies: manifests and operations that meet the law's conditions, boundaries first."""
