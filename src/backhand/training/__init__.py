"""Training: the solver's loop and everything that it calls."""
