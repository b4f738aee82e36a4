"""The ops made fast: code that is generated for the processor at run time. `backend` chooses between it and `ops`."""
