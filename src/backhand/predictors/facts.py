"""What the files of a run and of a predictor say of the samples: their range, and how they are read."""

from typing import Any

from pydantic import BaseModel, ConfigDict

from backhand.arrays import Shape
from backhand.data.formats.resize import Resize, ResizeMethod
from backhand.data.frames.encoding import EncodedColumn, Encoding
from backhand.data.value_range import ValueRange


class Span(BaseModel):
    """The range of the values of the training samples, by which samples on another scale are refused.

    low, high: the limits of each feature, or of all pixels.   flattest, brightest: the least contrast and the largest
    brightness of a training sample.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    pixels: bool
    low: float | tuple[float, ...]
    high: float | tuple[float, ...]
    flattest: float
    brightest: float | None = None  # earlier versions did not save it


class SampleFacts(BaseModel):
    """How files and tables become samples.

    columns: how those of a table become features; None where samples are no rows of one.   resize: how pictures were
    brought to the size of a sample; None where they had it.
    """

    model_config = ConfigDict(extra="ignore")

    columns: tuple[EncodedColumn, ...] | None = None
    resize: ResizeMethod | None = None

    def reading(self, shape: Shape, span: Span | None) -> dict[str, Any]:
        """The fields of a predictor that these facts give, for samples of this shape.

        span: None for the unknown range of a file of an earlier version.
        Raises ValueError for facts that do not fit the shape.
        """
        if self.resize is not None and len(shape) != 3:
            raise ValueError(f"resize needs images, and a sample has the shape {shape}")
        encoding = None if self.columns is None else Encoding(self.columns)
        if encoding is not None and shape != (len(encoding.features),):
            raise ValueError(f"columns gives {len(encoding.features)} features, and a sample has the shape {shape}")
        facts = None if span is None else span.model_dump(exclude_none=True)
        return {
            "value_range": ValueRange.unknown(shape) if facts is None else ValueRange.from_facts(shape, facts),
            "resize": None if self.resize is None else Resize((shape[0], shape[1]), self.resize),
            "encoding": encoding,
        }
