"""Data sets: loaders, splits, standardisation and mini-batches.

Images are (N, H, W, C), uint8 from 0 to 255; features are (N, F). Labels are (N,), from 0 to K - 1.
"""

from backhand.data.batches import batches
from backhand.data.dataset import Dataset, Splits
from backhand.data.registry import DATASETS, is_available, load
from backhand.data.split import stratified_split, stratified_subset
from backhand.data.standardize import Standardizer

__all__ = [
    "DATASETS",
    "Dataset",
    "Splits",
    "Standardizer",
    "batches",
    "is_available",
    "load",
    "stratified_split",
    "stratified_subset",
]
