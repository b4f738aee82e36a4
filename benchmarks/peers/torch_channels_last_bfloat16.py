"""PyTorch under autocast, with the images channels last."""

from functools import partial

from peers import torch_net

make_step = partial(torch_net.make_step, channels_last=True, rounded=True)
