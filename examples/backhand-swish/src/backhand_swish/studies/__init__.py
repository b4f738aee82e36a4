"""The studies that this package adds: each is a file of its name."""
