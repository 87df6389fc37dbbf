"""Volumes and the claims on them."""
