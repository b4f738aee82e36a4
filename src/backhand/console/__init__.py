"""The terminal that the program runs in: how text is written to it, and with which exit status the program ends."""
