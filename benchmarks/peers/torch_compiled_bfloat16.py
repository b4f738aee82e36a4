"""PyTorch through torch.compile, under autocast, including the loss, with the images channels last."""

from functools import partial

import torch

from peers import torch_net

make_step = partial(torch_net.make_step, channels_last=True, wrap=torch.compile, rounded=True)
