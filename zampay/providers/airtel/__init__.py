"""Airtel Money, Zambia, through Airtel Africa's Open API; see README.md beside this."""
