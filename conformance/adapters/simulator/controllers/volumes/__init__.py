"""Persistent volumes (PV): matching, binding, provisioning, reclaiming, protection."""
