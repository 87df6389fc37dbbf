"""Scenarios on a real clock: chosen beforehand, run side by side, confirmed once.

On a real clock an example costs minutes, so none is drawn blindly. The simulator is asked first what
each example would wait for and which rules it would meet (``forecast``); of those that the budget
allows, the fewest that meet every rule are taken (``plan``); they run side by side, the longest
first (``schedule``); and what breaks a rule is done once more before it is reported (``confirm``).
"""
