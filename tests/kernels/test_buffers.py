"""Memory that is used again."""

import threading

import numpy as np

from backhand.arrays.memory import ALIGNMENT
from backhand.kernels import buffers
from backhand.kernels.buffers import Pool


def address(array):
    return array.__array_interface__["data"][0]


def test_what_nobody_refers_to_is_lent_again():
    pool = Pool()
    first = pool.empty((10, 10))
    where = address(first)
    del first
    assert address(pool.empty((5, 20))) == where
    assert pool.size == 400


def test_a_view_keeps_the_block():
    pool = Pool()
    first = pool.empty((100,))
    where = address(first)
    part = first[3:].reshape(97, 1)[:5].view(np.int32)
    del first
    assert address(pool.empty((100,))) != where
    del part
    assert address(pool.empty((100,))) == where


def test_much_larger_blocks_are_kept_for_larger_arrays():
    pool = Pool()
    pool.empty((1000,))
    pool.empty((10,))
    assert pool.size == 4040


def test_the_smallest_block_that_fits_is_taken():
    pool = Pool()
    sizes = [pool.empty((n,)) for n in (100, 120, 150)]
    where = address(sizes[1])
    sizes.clear()
    assert address(pool.empty((110,))) == where


def test_arrays_are_aligned_and_of_the_dtype_asked_for():
    pool = Pool()
    for shape in [(), (0, 3), (7,), (3, 5)]:
        array = pool.empty(shape, np.uint8)
        assert array.shape == shape
        assert array.dtype == np.uint8
        assert address(array) % ALIGNMENT == 0
        assert array.flags.writeable
        assert array.flags.c_contiguous


def test_trim_keeps_what_is_used():
    pool = Pool()
    used = pool.empty((100,))
    pool.empty((1000,))
    pool.trim()
    assert pool.size == 400
    used[:] = 1


def test_every_thread_has_a_pool_of_its_own():
    mine = buffers.pool()
    others = []
    thread = threading.Thread(target=lambda: others.append(buffers.pool()))
    thread.start()
    thread.join()
    assert others[0] is not mine
    assert buffers.pool() is mine
