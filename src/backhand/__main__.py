"""`python -m backhand` is `backhand`."""

from backhand.cli import main

main()
