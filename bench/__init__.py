"""Benchmarks, each with its baseline beside it; run with `make bench`."""
