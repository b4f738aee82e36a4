"""Data sets: loaders, splits, standardisation and mini-batches."""

from backhand.data.batches import batches
from backhand.data.dataset import Dataset, Splits
from backhand.data.registry import DATASETS, load
from backhand.data.split import stratified_split, subset
from backhand.data.standardize import Standardizer

__all__ = ["DATASETS", "Dataset", "Splits", "Standardizer", "batches", "load", "stratified_split", "subset"]
