"""What is built on Pods: replicas, and how many an autoscaler wants."""
