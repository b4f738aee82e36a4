"""Gradual unfreezing: layers that begin to train at a later epoch than the others."""

from collections.abc import Mapping, Sequence

from backhand.model.sequential import Sequential

ByEpoch = Mapping[int, Sequence[str]]  # names of layers by the epoch, counted from 1, at which they begin to train


def freeze_until(model: Sequential, by_epoch: ByEpoch, epoch: int) -> None:
    """Bring the layers into the state of an epoch: those that begin later are frozen, those that have begun are not.

    Raises ModelError as `Sequential.freeze` does.
    """
    later = [name for begins, names in by_epoch.items() if begins > epoch for name in names]
    begun = [name for begins, names in by_epoch.items() if begins <= epoch for name in names]
    if begun:
        model.unfreeze(*begun)
    if later:
        model.freeze(*later)
