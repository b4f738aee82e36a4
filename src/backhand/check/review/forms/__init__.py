"""The forms in which a review is shown: on a terminal, as a page, in a notebook, as JSON, and for test runners."""
