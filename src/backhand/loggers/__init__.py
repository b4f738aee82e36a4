"""Loggers: callbacks that write what a training does to a file, or hand it to a program that keeps trainings."""

from backhand.loggers.base import Logger
from backhand.loggers.csv_file import CsvLogger
from backhand.loggers.mlflow import MLflowLogger
from backhand.loggers.tensorboard import TensorBoardLogger
from backhand.loggers.wandb import WandbLogger

__all__ = ["CsvLogger", "Logger", "MLflowLogger", "TensorBoardLogger", "WandbLogger"]
