"""PyTorch without compilation, under autocast, with the images channels first."""

from functools import partial

from peers import torch_net

make_step = partial(torch_net.make_step, channels_last=False, rounded=True)
