"""A storage that waits: a call that gets no answer is made again, for minutes, before the search is given up.

A database is restarted, a network is gone for a while: neither is a reason to lose the trials that run.
"""

import threading
import time
from collections.abc import Callable, Container, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from optuna.exceptions import UpdateFinishedTrialError
from optuna.storages import BaseStorage

from backhand.experiments.search.slots import TOKEN
from backhand.experiments.search.storages.errors import NoAnswerError

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.study import StudyDirection
    from optuna.study._frozen import FrozenStudy
    from optuna.trial import FrozenTrial, TrialState

PATIENCE = 600.0  # seconds for which a storage that does not answer is waited for
FIRST, LONGEST = 0.2, 5.0  # seconds before the second attempt, and between the later ones
Result = TypeVar("Result")


class Patient(BaseStorage):
    """A storage of Optuna's that waits, for `patience` seconds, while the storage within does not answer.

    storage: the one within, from `open` on.   shown: its address.   translated: makes a call, and raises NoAnswerError
    where there is no answer.   tell: prints a line.   answered: when it last answered again, by `time.monotonic`.
    """

    storage: BaseStorage

    def __init__(
        self,
        shown: str,
        translated: Callable[[Callable[[], Any]], Any],
        tell: Callable[[str], object],
        patience: float,
    ) -> None:
        self.shown, self.translated = shown, translated
        self.tell, self.patience, self.answered = tell, patience, float("-inf")
        self._silent_since: float | None = None
        self._lock = threading.Lock()

    def open(self, make: Callable[[], BaseStorage], patience: float) -> None:
        """Open the storage within.   patience: from then on."""
        self.storage = self.call(make)
        self.patience = patience

    def once(self, call: Callable[[], Result]) -> Result:
        """Make a call without waiting. Raises NoAnswerError where there is no answer."""
        try:
            result: Result = self.translated(call)
        except NoAnswerError as error:
            self._note_silence(error)
            raise
        self._note_answer()
        return result

    def call(self, call: Callable[[], Result]) -> Result:
        """Make a call, again and again while there is no answer. Raises NoAnswerError when the patience is over."""
        end, pauses = time.monotonic() + self.patience, _pauses()
        while True:
            try:
                return self.once(call)
            except NoAnswerError:
                pause = next(pauses)
                if time.monotonic() + pause >= end:
                    raise
                time.sleep(pause)

    def _note_silence(self, error: NoAnswerError) -> None:
        with self._lock:
            is_news = self._silent_since is None
            self._silent_since = self._silent_since or time.monotonic()
        if is_news and self.patience:
            limit = f"{self.patience:.0f} s" if self.patience < 100 else f"{self.patience / 60:.0f} min"
            self.tell(f"{str(error).partition(';')[0]}; waiting, for {limit} at most")

    def _note_answer(self) -> None:
        if self._silent_since is None:
            return
        with self._lock:
            was_silent, self._silent_since, self.answered = self._silent_since is not None, None, time.monotonic()
        if was_silent:
            self.tell(f"the storage {self.shown} answers again")

    def create_new_study(self, directions: "Sequence[StudyDirection]", study_name: str | None = None) -> int:
        """Create a study. A second attempt may raise DuplicatedStudyError, where the first one had arrived."""
        return self.call(lambda: self.storage.create_new_study(directions, study_name))

    def delete_study(self, study_id: int) -> None:
        """Delete a study with all its trials."""
        self.call(lambda: self.storage.delete_study(study_id))

    def set_study_user_attr(self, study_id: int, key: str, value: Any) -> None:
        """Set an attribute of a study."""
        self.call(lambda: self.storage.set_study_user_attr(study_id, key, value))

    def set_study_system_attr(self, study_id: int, key: str, value: Any) -> None:
        """Set an attribute of a study that Optuna's own code uses."""
        self.call(lambda: self.storage.set_study_system_attr(study_id, key, value))

    def get_study_id_from_name(self, study_name: str) -> int:
        """Return the ID of a study."""
        return self.call(lambda: self.storage.get_study_id_from_name(study_name))

    def get_study_name_from_id(self, study_id: int) -> str:
        """Return the name of a study."""
        return self.call(lambda: self.storage.get_study_name_from_id(study_id))

    def get_study_directions(self, study_id: int) -> "list[StudyDirection]":
        """Return the directions of a study."""
        return self.call(lambda: self.storage.get_study_directions(study_id))

    def get_study_user_attrs(self, study_id: int) -> dict[str, Any]:
        """Return the attributes of a study."""
        return self.call(lambda: self.storage.get_study_user_attrs(study_id))

    def get_study_system_attrs(self, study_id: int) -> dict[str, Any]:
        """Return the attributes of a study that Optuna's own code uses."""
        return self.call(lambda: self.storage.get_study_system_attrs(study_id))

    def get_all_studies(self) -> "list[FrozenStudy]":
        """Return all studies of the storage, whatever program made them."""
        return self.call(self.storage.get_all_studies)

    def create_new_trial(self, study_id: int, template_trial: "FrozenTrial | None" = None) -> int:
        """Create a trial. Before a second attempt, its token says whether the first one had arrived."""
        token = template_trial.user_attrs.get(TOKEN) if template_trial is not None else None
        attempts = 0

        def create() -> int:
            nonlocal attempts
            attempts += 1
            known = self._with_token(study_id, token) if attempts > 1 and token is not None else None
            return self.storage.create_new_trial(study_id, template_trial) if known is None else known

        return self.call(create)

    def _with_token(self, study_id: int, token: str) -> int | None:
        trials = self.storage.get_all_trials(study_id, deepcopy=False)
        return next((trial._trial_id for trial in trials if trial.user_attrs.get(TOKEN) == token), None)

    def set_trial_param(
        self, trial_id: int, param_name: str, param_value_internal: float, distribution: "BaseDistribution"
    ) -> None:
        """Set a value that a sampler has drawn."""
        self.call(lambda: self.storage.set_trial_param(trial_id, param_name, param_value_internal, distribution))

    def set_trial_state_values(self, trial_id: int, state: "TrialState", values: Sequence[float] | None = None) -> bool:
        """End a trial. A second attempt reads back whether the first one had arrived."""
        attempts = 0

        def end() -> bool:
            nonlocal attempts
            attempts += 1
            try:
                return self.storage.set_trial_state_values(trial_id, state, values)
            except UpdateFinishedTrialError:
                if attempts > 1 and self.storage.get_trial(trial_id).state == state:
                    return True
                raise

        return self.call(end)

    def set_trial_intermediate_value(self, trial_id: int, step: int, intermediate_value: float) -> None:
        """Report the value of an epoch."""
        self.call(lambda: self.storage.set_trial_intermediate_value(trial_id, step, intermediate_value))

    def set_trial_user_attr(self, trial_id: int, key: str, value: Any) -> None:
        """Set an attribute of a trial."""
        self.call(lambda: self.storage.set_trial_user_attr(trial_id, key, value))

    def set_trial_system_attr(self, trial_id: int, key: str, value: Any) -> None:
        """Set an attribute of a trial that Optuna's own code uses."""
        self.call(lambda: self.storage.set_trial_system_attr(trial_id, key, value))

    def get_trial(self, trial_id: int) -> "FrozenTrial":
        """Return the trial that has this ID."""
        return self.call(lambda: self.storage.get_trial(trial_id))

    def get_all_trials(
        self, study_id: int, deepcopy: bool = True, states: "Container[TrialState] | None" = None
    ) -> "list[FrozenTrial]":
        """Return all trials of a study, in the order of their numbers."""
        return self.call(lambda: self.storage.get_all_trials(study_id, deepcopy, states))

    def get_trial_id_from_study_id_trial_number(self, study_id: int, trial_number: int) -> int:
        """Return the ID of the trial of this number."""
        return self.call(lambda: self.storage.get_trial_id_from_study_id_trial_number(study_id, trial_number))

    def remove_session(self) -> None:
        """Close the connection of this thread."""
        self.storage.remove_session()


def _pauses() -> Iterator[float]:
    """Yield the seconds before each further attempt."""
    pause = FIRST
    while True:
        yield pause
        pause = min(2 * pause, LONGEST)
