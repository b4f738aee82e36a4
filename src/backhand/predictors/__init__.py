"""Trained models with all that their answers need: scaling, names of classes, shape and range of the samples, views."""

from backhand.predictors.classifier import Classifier
from backhand.predictors.predictor import Fitted, Predictor, predictor_in
from backhand.predictors.provenance import Provenance
from backhand.predictors.regressor import Regressor
from backhand.predictors.saved import load_model

__all__ = ["Classifier", "Fitted", "Predictor", "Provenance", "Regressor", "load_model", "predictor_in"]
