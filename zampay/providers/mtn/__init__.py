"""MTN Mobile Money, Zambia, through the MoMo Open API; see README.md beside this."""
