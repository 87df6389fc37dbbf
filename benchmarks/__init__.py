"""How fast it is: ratios measured in one run, beside what the design wants held. Nothing asserts a time."""
