"""Sending events to merchants' endpoints, at least once each: `attempt.py` is one attempt."""
