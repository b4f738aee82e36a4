"""Ensembles: the class probabilities of several finished runs, averaged, beside those of each run alone."""

from backhand.experiments.kind import Kind

FILE = "ensemble.json"
KIND = Kind("an ensemble", package=__name__, command="ensemble", mark=FILE)
