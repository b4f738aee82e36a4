# What `__init__.py` imports lazily, as type checkers and editors take it; a test holds the two together.

from backhand.architectures import cnn as cnn
from backhand.architectures import fer_cnn as fer_cnn
from backhand.architectures import images_cnn as images_cnn
from backhand.architectures import lenet as lenet
from backhand.architectures import mlp as mlp
from backhand.architectures import mnist_model4 as mnist_model4
from backhand.architectures import resnet as resnet
from backhand.architectures import vgg_small as vgg_small
from backhand.attribution import grad_cam as grad_cam
from backhand.attribution import saliency as saliency
from backhand.backend import use as _use_backend
from backhand.backend import using as _using_backend
from backhand.check import assert_gradients as assert_gradients
from backhand.check import check_file as check_file
from backhand.check import check_layer as check_layer
from backhand.check import check_model as check_model
from backhand.check import check_op as check_op
from backhand.data import Standardizer as Standardizer
from backhand.data import load as load
from backhand.data import stratified_split as stratified_split
from backhand.data.dataset import Dataset as Dataset
from backhand.data.dataset import Splits as Splits
from backhand.data.feed import Feed as Feed
from backhand.data.show_batch import show_batch as show_batch
from backhand.errors import BackhandError as BackhandError
from backhand.errors import CheckpointError as CheckpointError
from backhand.errors import DataError as DataError
from backhand.errors import DivergenceError as DivergenceError
from backhand.errors import ModelError as ModelError
from backhand.errors import StudyError as StudyError
from backhand.experiments.interpretation import interpret as interpret
from backhand.experiments.reports import write as _write_report
from backhand.experiments.run.predict import load_classifier as load_classifier
from backhand.experiments.run.record import read as _load_run
from backhand.experiments.run.work import run as run
from backhand.export import export_model as export_model
from backhand.export import push_to_hub as push_to_hub
from backhand.layers import ELU as ELU
from backhand.layers import AvgPool2d as AvgPool2d
from backhand.layers import BatchNorm as BatchNorm
from backhand.layers import Chain as Chain
from backhand.layers import Concatenate as Concatenate
from backhand.layers import Conv2d as Conv2d
from backhand.layers import Dropout as Dropout
from backhand.layers import Flatten as Flatten
from backhand.layers import GlobalAvgPool2d as GlobalAvgPool2d
from backhand.layers import Layer as Layer
from backhand.layers import LeakyReLU as LeakyReLU
from backhand.layers import Linear as Linear
from backhand.layers import MaxPool2d as MaxPool2d
from backhand.layers import ReLU as ReLU
from backhand.layers import Residual as Residual
from backhand.layers import Scale as Scale
from backhand.layers import Sigmoid as Sigmoid
from backhand.layers import Tanh as Tanh
from backhand.model import Sequential as Sequential
from backhand.predictors import load_model as load_model
from backhand.study import Study as Study
from backhand.study import load as _load_study
from backhand.training.callbacks import Callback as Callback
from backhand.training.callbacks import Checkpoint as Checkpoint
from backhand.training.callbacks import DivergenceGuard as DivergenceGuard
from backhand.training.callbacks import EarlyStopping as EarlyStopping
from backhand.training.evaluate import evaluate as evaluate
from backhand.training.lockstep import fit_together as fit_together
from backhand.training.losses import L2 as L2
from backhand.training.losses import BinaryHinge as BinaryHinge
from backhand.training.losses import Hinge as Hinge
from backhand.training.losses import Logistic as Logistic
from backhand.training.losses import Loss as Loss
from backhand.training.losses import SoftmaxCrossEntropy as SoftmaxCrossEntropy
from backhand.training.optimizers import SGD as SGD
from backhand.training.optimizers import Adam as Adam
from backhand.training.optimizers import AdamW as AdamW
from backhand.training.optimizers import Optimizer as Optimizer
from backhand.training.optimizers import RMSProp as RMSProp
from backhand.training.progress import ProgressBar as ProgressBar
from backhand.training.range_test import range_test as range_test
from backhand.training.schedules import Constant as Constant
from backhand.training.schedules import CosineDecay as CosineDecay
from backhand.training.schedules import ExponentialDecay as ExponentialDecay
from backhand.training.schedules import LinearRamp as LinearRamp
from backhand.training.schedules import OneCycle as OneCycle
from backhand.training.schedules import ReduceOnPlateau as ReduceOnPlateau
from backhand.training.schedules import Schedule as Schedule
from backhand.training.schedules import StepDecay as StepDecay
from backhand.training.schedules import Warmup as Warmup
from backhand.training.solver import Solver as Solver
from backhand.weights import transfer as transfer

__version__: str
load_study = _load_study
load_run = _load_run
write_report = _write_report
use_backend = _use_backend
using_backend = _using_backend
