"""How a product is cut into tiles, panels and shards."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("numba")

from backhand.kernels.blocks.tiling import BY_COLUMNS, choose_plan, panels
from backhand.kernels.simd import W


@given(N=st.integers(1, 3000))
def test_panels_cover_the_columns_and_are_about_equally_wide(N):
    widths = panels(N)
    assert sum(widths) == -(-N // W)
    assert max(widths) - min(widths) <= 1


@given(M=st.integers(1, 5000), N=st.integers(1, 3000), threads=st.integers(1, 8))
@settings(max_examples=50, deadline=None)
def test_a_plan_has_room_for_what_each_shard_copies(M, N, threads):
    plan = choose_plan(M, N, 1, threads)
    shards, room = plan.scratch
    widths = plan.tiles[:, 1] * W
    cut = plan.shared == BY_COLUMNS
    bounds = [shard * len(widths) // shards for shard in range(shards + 1)] if cut else [0, len(widths)]
    assert max(widths[a:b].sum() for a, b in pairwise(bounds)) * plan.depth <= room
