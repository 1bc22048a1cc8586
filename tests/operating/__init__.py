"""The gateway watched from outside, as its operator watches it."""
