"""Mistakes planted in right layers, one at a time, and what the check says of each.

`python -m tests.check.mutants` reviews them all and prints a table; the tests review a third of them.
"""
