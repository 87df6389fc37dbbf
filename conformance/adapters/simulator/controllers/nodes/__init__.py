"""Nodes that are lost (GC, IDENTITY): detection, taints, eviction, and the Pods they leave."""
