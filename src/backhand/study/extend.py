"""The `extend` table: new classes for the network of an earlier run."""

from typing import Annotated

from pydantic import Field

from backhand.study.table import Place, Table


class ExtendTable(Table):
    """The run whose network gets more outputs, the data of the new classes, and what it is trained on."""

    run: Place  # the data of this run are the old ones
    name: str
    path: Place | None = None
    classes: Annotated[tuple[str, ...], Field(strict=False, min_length=1)] | None = None
    resize: bool = False  # scale pictures to the size that the network takes
    skip_bad_images: bool = False  # leave out what is no image, also where the old data are read strictly
    old_data: bool = True  # train on the old data as well
    afresh: bool = False  # begin with fresh weights, for comparison
