"""Which values of a sample a score depends on: saliency, integrated gradients, Grad-CAM, permutation importance.

Every function works on a copy of the model at inference: its parameters, gradients, running statistics and random
streams stay as they are, and frozen layers make no difference.
"""

from backhand.attribution.feature_maps import feature_maps
from backhand.attribution.grad_cam import grad_cam
from backhand.attribution.gradients import input_gradient, integrated_gradients, saliency, smooth_grad
from backhand.attribution.permutation import permutation_importance

__all__ = [
    "feature_maps",
    "grad_cam",
    "input_gradient",
    "integrated_gradients",
    "permutation_importance",
    "saliency",
    "smooth_grad",
]
