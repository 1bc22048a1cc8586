"""Whom we call: one folder per network, each behind the contract in `contract.py`."""
