"""Processes that train one model together: each has a share of every batch, and all move the same weights.

    g = Σ_r (n_r / n) g_r        rank r has n_r of the n samples of a batch; g_r: the gradient of their mean loss

The sum is one over the flat buffer of gradients. Orders, masks and augmentations are drawn for the whole batch by every
process, so that any number of ranks does what one process does, up to the rounding of the sums.
"""
