"""The training of anybody's network: its class is read, and examined on small synthetic data.

This happens in a process of its own (`process`, `worker`), as the review of a file does.
"""
