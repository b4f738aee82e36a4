"""A storage at an address, opened, and patient from then on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from backhand.experiments.search.storages.address import Address

if TYPE_CHECKING:
    from backhand.experiments.search.storages.patient import Patient

OPENING = 10.0  # seconds for which a storage may not answer before a search has begun


@contextmanager
def connect(
    address: Address, tell: Callable[[str], object], *, patience: float, may_create: bool = True
) -> Iterator["Patient"]:
    """Open the storage at this address for the `with` block.

    patience: the seconds for which it may not answer once it is open.   tell: prints a line.   may_create: whether
    what it needs, such as a file or tables, is created where there is none.

    Raises BackhandError where it cannot be used, and NoAnswerError where it does not answer.
    """
    from backhand.experiments.search.storages.database import Database
    from backhand.experiments.search.storages.journal import Journal
    from backhand.experiments.search.storages.patient import Patient
    from backhand.experiments.search.storages.server import Server

    kinds: dict[str, type[Database | Journal | Server]] = {"database": Database, "journal": Journal, "grpc": Server}
    backend = kinds[address.kind](address)
    try:
        storage = Patient(address.shown, backend.translated, tell, OPENING)
        storage.open(lambda: backend.make(may_create=may_create), patience)
        backend.is_open = True
        yield storage
    finally:
        backend.close()
