"""evidence.safetensors: a run's test probabilities, and the arrays behind the pictures of its report."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeVar

from numpy.typing import NDArray

from backhand import checkpoint
from backhand.errors import CheckpointError
from backhand.experiments.records import REMEDY, FileRecord, valid
from backhand.experiments.run.evidence_checks import check
from backhand.experiments.run.evidence_groups import (
    ATTRIBUTIONS,
    AUGMENTED,
    CAMS,
    FEATURE_MAPS,
    FIRST_WEIGHTS,
    FITTED,
    IMPORTANCE,
    LARGEST_ERRORS,
    LAYER_MAPS,
    MISTAKES,
    PICTURED,
    PREDICTIONS,
    SAMPLES,
    Attributions,
    Augmented,
    FeatureMaps,
    FirstWeights,
    Fitted,
    Importance,
    LargestErrors,
    LayerMaps,
    Mistakes,
    Predictions,
    Samples,
)
from backhand.files.names import EVIDENCE

Arrays = dict[str, NDArray[Any]]
Group = TypeVar("Group")


@dataclass(frozen=True)
class Evidence:
    """All of evidence.safetensors; what the run has not saved is None, such as everything before it is finished."""

    predictions: Predictions | None = None
    fitted: Fitted | None = None
    largest_errors: LargestErrors | None = None
    samples: Samples | None = None
    augmented: Augmented | None = None
    mistakes: Mistakes | None = None
    first_weights: FirstWeights | None = None
    feature_maps: FeatureMaps | None = None
    attributions: Attributions | None = None
    importance: Importance | None = None

    @classmethod
    def of(cls, arrays: Arrays) -> Self:
        """The evidence in the arrays of a file, whose names and shapes have been checked."""
        return cls(
            predictions=_group(Predictions, PREDICTIONS, arrays),
            fitted=_group(Fitted, FITTED, arrays),
            largest_errors=_group(LargestErrors, LARGEST_ERRORS, arrays),
            samples=_group(Samples, SAMPLES, arrays),
            augmented=_group(Augmented, AUGMENTED, arrays),
            mistakes=_group(Mistakes, PICTURED if "mistakes" in arrays else MISTAKES, arrays),
            first_weights=_group(FirstWeights, FIRST_WEIGHTS, arrays),
            feature_maps=_feature_maps(arrays),
            attributions=_attributions(arrays),
            importance=_group(Importance, IMPORTANCE, arrays),
        )

    def arrays(self) -> Arrays:
        """The arrays of the file, by name."""
        arrays: Arrays = {}
        groups = (
            (self.predictions, PREDICTIONS),
            (self.fitted, FITTED),
            (self.largest_errors, LARGEST_ERRORS),
            (self.samples, SAMPLES),
            (self.augmented, AUGMENTED),
            (self.mistakes, PICTURED),
            (self.first_weights, FIRST_WEIGHTS),
            (self.feature_maps, FEATURE_MAPS),
            (self.attributions, ATTRIBUTIONS | {key: f"{name}.{self._layer}" for key, name in CAMS.items()}),
            (self.importance, IMPORTANCE),
        )
        for group, names in groups:
            values = {name: getattr(group, key, None) for key, name in names.items()}
            arrays |= {name: value for name, value in values.items() if value is not None}
        for layer, maps in (self.feature_maps.layers if self.feature_maps else {}).items():
            arrays |= {f"{name}.{layer}": getattr(maps, key) for key, name in LAYER_MAPS.items()}
        return arrays

    @property
    def _layer(self) -> str:
        """The layer of the Grad-CAM maps; empty where there are none."""
        return self.attributions.layer if self.attributions else ""


def read(folder: Path, classes: int, targets: int = 0) -> Evidence:
    """Read the evidence of a run with so many classes, or so many targets.

    Raises CheckpointError, naming the file, where it is missing, damaged or of a later version, or where its arrays do
    not fit together.
    """
    path = folder / EVIDENCE
    if not path.exists():
        raise CheckpointError(f"{path} is missing; a report needs the whole folder of an experiment")
    try:
        arrays, info = checkpoint.load(path)
    except CheckpointError as error:
        raise CheckpointError(f"{error}; {REMEDY}") from None
    valid(FileRecord, info or {}, path)  # a file of an early version has no version in it
    try:
        check(arrays, classes, targets)
    except ValueError as error:
        raise CheckpointError(f"{path} is damaged ({error}); {REMEDY}") from None
    return Evidence.of(arrays)


def write(folder: Path, evidence: Evidence) -> None:
    """Write the evidence; if that fails, an earlier file stays as it was."""
    checkpoint.save(folder / EVIDENCE, evidence.arrays(), FileRecord().as_json())


def _group(form: type[Group], names: Mapping[str, str], arrays: Arrays) -> Group | None:
    """The group of this form, whose attributes have these names in the file; None where it is not saved."""
    if next(iter(names.values())) not in arrays:
        return None
    return form(**_present(names, arrays))


def _present(names: Mapping[str, str], arrays: Arrays) -> dict[str, Any]:
    """The arrays of a group that the file has, by their attributes."""
    return {key: arrays[name] for key, name in names.items() if name in arrays}


def _feature_maps(arrays: Arrays) -> FeatureMaps | None:
    if "map_images" not in arrays:
        return None
    names = (name.removeprefix("maps.") for name in arrays if name.startswith("maps."))
    layers = {
        layer: LayerMaps(**{key: arrays[f"{name}.{layer}"] for key, name in LAYER_MAPS.items()})
        for layer in sorted(filter(str.isdecimal, names), key=int)
    }
    return FeatureMaps(**_present(FEATURE_MAPS, arrays), layers=layers)


def _attributions(arrays: Arrays) -> Attributions | None:
    if "attribution_images" not in arrays:
        return None
    layer = next((name.removeprefix("grad_cam.") for name in arrays if name.startswith("grad_cam.")), "")
    cams = {key: f"{name}.{layer}" for key, name in CAMS.items()}
    return Attributions(**_present(ATTRIBUTIONS | cams, arrays), layer=layer)
