"""Models on the Hugging Face Hub."""

import re
from collections.abc import Collection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from backhand.errors import BackhandError
from backhand.export.files import CARD, FORMS, contents_of, known_forms
from backhand.export.pipeline import Exported
from backhand.extras import HUB
from backhand.predictors import Fitted

NAME = re.compile(r"\w[\w.-]*/\w[\w.-]*")


def push_to_hub(
    exported: Exported | Fitted,
    repo_id: str,
    *,
    to: str | Collection[str] = tuple(FORMS),
    fold_batchnorm: bool = False,
    private: bool = False,
    token: str | None = None,
) -> str:
    """Upload a predictor or a model, with a model card, to a repository on the Hugging Face Hub; returns its address.

    The repository is created if need be. It gets every form, see `export_model`; they are made before anything is
    uploaded, and are one commit.
    exported, to: as in `export_model`.   repo_id: OWNER/NAME.   private: whether a new repository is private.
    token: of the owner; None for the one that `hf auth login` has saved.
    Raises MissingExtraError without the package `huggingface-hub`, and BackhandError for another `repo_id`, an
    unknown form, and where the Hub cannot be reached or refuses.
    """
    refuse_push(repo_id)
    forms = [*(form for form in known_forms(to) if form != CARD), CARD]
    contents = contents_of(exported, forms, None, fold_batchnorm=fold_batchnorm, repo_id=repo_id)
    with TemporaryDirectory() as folder:
        for name, content in contents.items():
            (Path(folder) / name).write_bytes(content)
        return _upload(folder, repo_id, private, token)


def refuse_push(repo_id: str) -> None:
    """Raise MissingExtraError without the package of the Hub, and BackhandError for what is no name of a repository."""
    HUB.require("a push to the Hugging Face Hub")
    if not NAME.fullmatch(repo_id):
        raise BackhandError(f'"{repo_id}" is no name of a repository on the Hub; write OWNER/NAME')


def _upload(folder: str, repo_id: str, private: bool, token: str | None) -> str:
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    errors: tuple[Any, ...] = (
        OSError,
        HFValidationError,
        HfHubHTTPError.__bases__[0],
    )  # the client's own: requests' or httpx's
    api = HfApi(token=token)
    try:
        url = api.create_repo(repo_id, repo_type="model", private=private, exist_ok=True)
        api.upload_folder(
            repo_id=repo_id, folder_path=folder, repo_type="model", commit_message="Model exported by Backhand"
        )
    except errors as error:
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise BackhandError(
            f"cannot push to {repo_id}: {first}; check the name, the network, and that `hf auth login` was done"
        ) from error
    return str(url)
