"""Searches: many trials over a space of values. The best values are then trained with several seeds and tested."""

from backhand.experiments.kind import Kind
from backhand.files.names import STUDY

FILE, DATABASE = "search.json", "search.db"
KIND = Kind("a search", package=__name__, command="run", mark=FILE, first=(FILE, STUDY, DATABASE), runs="best-seed-*")
