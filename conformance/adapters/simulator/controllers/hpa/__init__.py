"""Horizontal Pod autoscaling (HPA): the control loop, and the pure functions it decides with."""
