"""Mobile-money networks over HTTP, for development, tests and merchants' CI.

Each is a program of its own that imports nothing of the gateway above the kernel.
"""
