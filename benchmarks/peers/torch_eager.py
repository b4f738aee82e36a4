"""PyTorch as it is written, images channels first."""

from functools import partial

from peers import torch_net

start = partial(torch_net.start, channels_last=False)
