"""A trained network looked at: where it errs, how sure it is, and which pixels or columns its answers depend on."""

from backhand.experiments.interpretation.interpretation import Interpretation
from backhand.experiments.interpretation.regression import RegressionInterpretation
from backhand.experiments.interpretation.subjects import interpret

__all__ = ["Interpretation", "RegressionInterpretation", "interpret"]
