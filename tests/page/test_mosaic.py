"""Pictures side by side in one."""

import numpy as np

from backhand.page.mosaic import FRAME, GAP, mosaic


def test_pictures_of_several_sizes_share_the_cells_of_a_mosaic():
    """The larger stays whole, the smaller is enlarged by whole numbers and centred; a row may be shorter."""
    black, white = np.zeros((4, 4, 3), np.uint8), np.full((3, 2, 3), 255, np.uint8)
    canvas = mosaic([[black, white], [white]], 10)
    assert canvas.shape == (2 * 10 + GAP + 2 * FRAME, 2 * 10 + GAP + 2 * FRAME, 3)
    assert (canvas[FRAME + 1 : FRAME + 9, FRAME + 1 : FRAME + 9] == 0).all()
    assert (canvas[FRAME + 10 + GAP :, FRAME + 10 + GAP :] == 255).all()
