"""Backhand: back-propagation by hand, at the speed of the machine."""

__version__ = "0.1.0"
