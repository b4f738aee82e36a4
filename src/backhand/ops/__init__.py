"""Reference maths: one operation a module, pure functions on NumPy arrays, no state.

    forward(x, ..., *, options) -> (y, cache)        backward(dy, cache) -> one gradient per array input

`backward` is the vector-Jacobian product of exactly what `forward` computed. No op changes an array it is given.
A loss returns a scalar mean over the batch, and its `backward` takes the upstream scalar. Any float dtype goes in and
comes out again: checks run in float64, training in float32. A bad argument raises ValueError.
"""
