"""Celery: the worker, beat, the broker, and what is recorded of each task."""
