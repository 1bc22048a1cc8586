"""The gateway as real processes, driven over HTTP as a merchant drives it."""
