"""Zamtel Kwacha, Zambia, through Zamtel's REST interface; see README.md beside this."""
