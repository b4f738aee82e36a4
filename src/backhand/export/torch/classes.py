"""The classes that PyTorch has not, as Python that is written into the file of a module that uses them."""

CLASSES = {
    "Standardize": '''
class Standardize(nn.Module):
    """{input} -> float32{order}: (x - mean) * scale."""

    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.zeros({shape}, dtype=torch.{precision}))
        self.register_buffer("scale", torch.ones({shape}, dtype=torch.{precision}))

    def forward(self, x):
        return {standardised}
''',
    "ChannelsFirst": '''
class ChannelsFirst(nn.Module):
    """Images (N, H, W, C) -> (N, C, H, W)."""

    def forward(self, x):
        return x.permute(0, 3, 1, 2)
''',
    "ChannelsLast": '''
class ChannelsLast(nn.Module):
    """Images (N, C, H, W) -> (N, H, W, C)."""

    def forward(self, x):
        return x.permute(0, 2, 3, 1)
''',
    "Flatten": '''
class Flatten(nn.Module):
    """Images (N, C, H, W) -> rows in the order of height, width, channel."""

    def forward(self, x):
        return x.permute(0, 2, 3, 1).flatten(1)
''',
    "MeanOverImage": '''
class MeanOverImage(nn.Module):
    """The mean of each channel over the whole image: (N, C, H, W) -> (N, C)."""

    def forward(self, x):
        return x.mean((2, 3))
''',
    "MaxOverImage": '''
class MaxOverImage(nn.Module):
    """The largest value of each channel over the whole image: (N, C, H, W) -> (N, C)."""

    def forward(self, x):
        return x.flatten(2).max(2).values
''',
    "MeanOfImage": '''
class MeanOfImage(nn.Module):
    """Average pooling that counts only the pixels of the image, not its padding."""

    def __init__(self, pad, pool):
        super().__init__()
        self.pad, self.pool = pad, pool

    def forward(self, x):
        return self.pool(self.pad(x)) / self.pool(self.pad(torch.ones_like(x)))
''',
    "Scale": '''
class Scale(nn.Module):
    """Multiplication by a fixed number."""

    def __init__(self, factor):
        super().__init__()
        self.factor = factor

    def forward(self, x):
        return x * self.factor
''',
    "ClassicDropout": '''
class ClassicDropout(nn.Module):
    """Dropout that scales at inference instead of in training."""

    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, x):
        return x * torch.rand_like(x).ge(self.p) if self.training else x * (1 - self.p)
''',
    "Residual": '''
class Residual(nn.Module):
    """The sum of two branches: y = body(x) + shortcut(x)."""

    def __init__(self, body, shortcut):
        super().__init__()
        self.body, self.shortcut = body, shortcut

    def forward(self, x):
        return self.body(x) + self.shortcut(x)
''',
    "Concatenate": '''
class Concatenate(nn.ModuleList):
    """The outputs of all branches side by side, along the channels."""

    def forward(self, x):
        return torch.cat([branch(x) for branch in self], 1)
''',
}
