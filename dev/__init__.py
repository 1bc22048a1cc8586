"""What only a developer's machine needs: embedded servers, the supervisor, `make demo`, `make run`.

Nothing here is part of the gateway or of its image; the gateway imports none of it.
"""
