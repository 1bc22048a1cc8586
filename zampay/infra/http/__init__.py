"""Calls to networks and merchants: deadlines, resolved addresses, pacing."""
