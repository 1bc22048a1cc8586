"""What the simulator of any network needs. Nothing here knows a network: see README.md."""
