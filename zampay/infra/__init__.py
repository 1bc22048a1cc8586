"""The frameworks, each configured once and in one place."""
