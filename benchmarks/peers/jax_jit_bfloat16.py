"""JAX with the factors of all products in bfloat16."""

from functools import partial

import jax.numpy as jnp

from peers import jax_jit

make_step = partial(jax_jit.make_step, kind=jnp.bfloat16)
