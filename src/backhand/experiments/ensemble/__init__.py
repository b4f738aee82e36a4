"""Ensembles: the mean of the predictions of several finished runs, compared with each run alone."""

from backhand.experiments.kind import Kind

FILE = "ensemble.json"
KIND = Kind("an ensemble", package=__name__, command="ensemble", mark=FILE)
