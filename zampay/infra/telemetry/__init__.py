"""What is logged, counted and reported, without secrets."""
