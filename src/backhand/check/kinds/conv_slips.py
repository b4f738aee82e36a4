"""The gradients that known mistakes of a convolution's backward pass give, in canonical order."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from backhand.arrays import Array
from backhand.check.kinds.windows import NONE, Geometry, wrong_crops


@dataclass(frozen=True)
class Correlation:
    """A cross-correlation in canonical order: images, kernel, geometry and upstream (N, F, rows, columns)."""

    x: Array
    w: Array
    geometry: Geometry
    dy: Array

    def spread(self, w: Array, dy: Array) -> Array:
        """What each result sends back to its window, summed over the filters: (N, C, rows, columns, kh, kw)."""
        return np.einsum("nfij,fckl->ncijkl", dy, w)

    def dx(self) -> Array:
        """The true gradient of the padded images."""
        return self.geometry.scatter(self.spread(self.w, self.dy), self.x.shape)

    def dw(self, geometry: Geometry | None = None) -> Array:
        """The true gradient of the kernel, or with another geometry."""
        windows = (geometry or self.geometry).windows(self.x)[:, :, : self.dy.shape[2], : self.dy.shape[3]]
        return np.einsum("nfij,ncijkl->fckl", self.dy, windows)

    def slips_of_x(self) -> Iterator[tuple[str, Array]]:
        """Wrong gradients of x, by mistake."""
        geometry, shape, dy, w = self.geometry, self.x.shape, self.dy, self.w
        yield from wrong_crops(geometry, self.dx())
        flipped = geometry.scatter(self.spread(w[:, :, ::-1, ::-1], dy), shape)
        yield "kernel not flipped in dx", geometry.crop(flipped)
        turned = geometry.scatter(self.spread(w.swapaxes(2, 3), dy), shape) if w.shape[2] == w.shape[3] else None
        if turned is not None:
            yield "height and width swapped in dx", geometry.crop(turned)
        near = geometry.at_stride_1()
        yield "stride ignored in dx", geometry.crop(near.scatter(self.spread(w, dy), shape))
        summed, last = self.spread(w, dy), self.spread(w[-1:], dy[:, -1:])
        yield from self._padded_otherwise_in_dx(summed)
        yield "last window wins", geometry.crop(geometry.scatter(summed, shape, add=False))
        yield "last window wins", geometry.crop(geometry.scatter(last, shape, add=False))
        yield "last filter only", geometry.crop(geometry.scatter(last, shape))
        yield "last sample only", _last_sample(geometry.crop(self.dx()))

    def slips_of_w(self) -> Iterator[tuple[str, Array]]:
        """Wrong gradients of the kernel, by mistake."""
        dw = self.dw()
        yield "kernel flipped in dw", dw[:, :, ::-1, ::-1]
        if dw.shape[2] == dw.shape[3]:
            yield "height and width swapped in dw", dw.swapaxes(2, 3)
        yield "averaged over the batch", dw / len(self.x)
        yield "stride ignored in dw", self.dw(self.geometry.at_stride_1())
        yield from self._padded_otherwise_in_dw()
        windows = self.geometry.windows(self.x)[:, :, : self.dy.shape[2], : self.dy.shape[3]]
        ends = {"nfij,ncijkl->fckl": (np.s_[-1:], np.s_[:]), "last": (np.s_[:], np.s_[-1:]), "both": (np.s_[-1:],) * 2}
        for samples, places in ends.values():
            d, v = self.dy[samples, :, places, places], windows[samples, :, places, places]
            yield "last sum only", np.einsum("nfij,ncijkl->fckl", d, v)

    def _padded_otherwise_in_dx(self, summed: Array) -> Iterator[tuple[str, Array]]:
        for other in self.geometry.padded_otherwise():
            if other.windows(self.x).shape[2:4] >= summed.shape[2:4]:
                yield "padded otherwise in dx", other.crop(other.scatter(summed, self.x.shape))

    def _padded_otherwise_in_dw(self) -> Iterator[tuple[str, Array]]:
        """With other margins, and with margins that are filled from the image."""
        rows, columns = self.dy.shape[2:]
        margins, bare = ((0, 0), (0, 0), *self.geometry.padding), replace(self.geometry, padding=NONE)
        filled = [np.pad(self.x, margins, mode=mode) for mode in ("edge", "reflect", "wrap")]
        padded = [geometry.padded(self.x) for geometry in self.geometry.padded_otherwise()]
        for image in [*padded, *filled]:
            windows = bare.windows(image)[:, :, :rows, :columns] if bare.fits(image) else image[..., None, None]
            if windows.shape[2:4] == (rows, columns) and windows.shape[4:] == bare.window:
                yield "padded otherwise in dw", np.einsum("nfij,ncijkl->fckl", self.dy, windows)

    def slips_of_b(self) -> Iterator[tuple[str, Array]]:
        """Wrong gradients of the bias, by mistake."""
        dy = self.dy
        yield "bias not summed over the pixels", dy.sum(0)
        yield "bias not summed over the pixels", dy.sum((0, 2))
        yield "bias not summed over the pixels", dy.sum((0, 3))
        yield "bias not summed over the samples", dy.sum((2, 3))
        yield "averaged over the batch", dy.sum((0, 2, 3)) / len(dy)
        yield "mean over everything", dy.mean((0, 2, 3))
        yield "last sum only", dy[-1].sum((1, 2))
        yield "last sum only", dy[:, :, -1, -1].sum(0)
        yield "last sum only", dy[-1, :, -1, -1]


def _last_sample(dx: Array) -> Array:
    kept = np.zeros_like(dx)
    kept[-1] = dx[-1]
    return kept
