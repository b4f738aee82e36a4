"""PyTorch through torch.compile, the loss included; images channels last."""

from functools import partial

import torch

from peers import torch_net

start = partial(torch_net.start, channels_last=True, wrap=torch.compile)
