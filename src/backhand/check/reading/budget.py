"""A limit on the time that a search may take, in seconds of the processor, so that a busy machine searches as far."""

import time

INTERVAL = 0.2  # seconds between two questions to the system, which are slow


class Budget:
    """Seconds of the processor from now on. As long as less time has passed on the wall, no more can be spent."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._started = time.process_time()
        self._next_question = time.monotonic() + seconds

    @property
    def is_spent(self) -> bool:
        """Whether the time is over."""
        now = time.monotonic()
        if now < self._next_question:
            return False
        self._next_question = now + INTERVAL
        return time.process_time() - self._started > self.seconds
