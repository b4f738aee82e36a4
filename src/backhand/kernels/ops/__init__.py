"""The kernels: each module has the name of the op it replaces, or of the ops, joined by _, and their signatures."""
