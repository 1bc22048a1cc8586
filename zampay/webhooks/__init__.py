"""We call merchants: the feed of events, numbered without gaps, and its delivery."""
