"""The words of the house: pure Python, no Flask, no SQLAlchemy, nothing of the features."""
