"""What merchants may know of networks: what is served, how it goes, whom a number belongs to."""
