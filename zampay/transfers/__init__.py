"""The engine: every movement of money, from acceptance to its end. Read `states.py` first."""
