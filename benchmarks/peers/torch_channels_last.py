"""PyTorch with images channels last."""

from functools import partial

from peers import torch_net

start = partial(torch_net.start, channels_last=True)
