"""Workload controllers (REPLICA, DEPLOY): replica sets, deployments, and their garbage."""
