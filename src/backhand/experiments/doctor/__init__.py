"""Studies and runs as the doctor examines them: `network` is the network of a solver, `subjects` reads
studies and folders.
"""
