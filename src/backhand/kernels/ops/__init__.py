"""Kernels for processors: each module has the name and the signatures of the op it replaces."""
