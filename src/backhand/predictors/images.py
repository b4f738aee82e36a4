"""Image files as samples of a trained model."""

from backhand.arrays import Array, Shape, pixels
from backhand.data.formats.pictures import decode
from backhand.data.formats.resize import Resize
from backhand.errors import BackhandError, DataError
from backhand.files.paths import PathLike, as_path


def read_image(path: PathLike, shape: Shape, *, resize: Resize | bool = False) -> Array:
    """Read an image file as (H, W, C) uint8, in grey or RGB as the model takes it.

    resize: how the image is brought to this size, as in `Classifier.resize`; True stretches it.
    Raises DataError when it is missing, no image, or of another size and `resize` is not set.
    """
    if len(shape) != 3:
        raise BackhandError(f"this model was trained on {shape[0]} features, not on images; it cannot classify {path}")
    path, (H, W, C) = as_path(path), shape
    if C not in (1, 3):
        raise BackhandError(
            f"this model was trained on images of {C} channels, and picture files are read in 1 or 3; it cannot "
            f"classify {path}, but arrays of such images: Classifier.predict_proba"
        )
    scaling = Resize((H, W), "stretch") if resize is True else resize or None
    try:
        image = decode(path.read_bytes(), str(path), "L" if C == 1 else "RGB", scaling)
    except IsADirectoryError as error:
        raise DataError(f"{path} is a folder; name the images in it, as {path}/*.jpg") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
    if image.shape[:2] != (H, W):
        raise DataError(f"{path} is {pixels(image.shape)}, and the model takes {H} x {W}; pass --resize to scale it")
    return image
