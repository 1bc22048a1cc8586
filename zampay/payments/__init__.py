"""The heart: a payment from acceptance to its end. Read `states.py` first."""
