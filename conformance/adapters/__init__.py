"""What connects an engine: one package a way of connecting."""
