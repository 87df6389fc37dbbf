"""What must happen: the documented law of Kubernetes Pods as pure functions."""
