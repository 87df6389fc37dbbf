"""The life of a Pod: phase, restarts, back-off, init sequencing."""
