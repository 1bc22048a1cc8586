"""What everything else is written with: pure Python, no Flask, no SQLAlchemy, no feature."""
