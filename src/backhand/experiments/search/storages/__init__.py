"""Storages for the trials of a search: Optuna's, each opened at an address, and made to outlast a lost connection.

`address.py` reads addresses, `database.py`, `journal.py` and `server.py` open what they name, `patient.py` waits for a
storage that does not answer, and `connect.py` joins them.
"""
