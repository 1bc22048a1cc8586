"""A network inside the process, for test keys: the phone number decides the ending."""
