"""Experiments: a study says what to train, a run trains it and leaves a folder that reports and predictions read.

There is one package per kind of experiment, over what all kinds share.
"""
