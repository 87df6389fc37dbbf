"""The conformance suite, as plain pytest: a focused property for every rule, scenarios, machines.

``pytest --pyargs conformance.suite --adapter …`` runs it against any engine.
"""
