"""The terminal that the program runs in: what is written to it, and how the program ends."""
