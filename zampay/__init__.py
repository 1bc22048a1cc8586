"""ZamPay, a mobile-money gateway for Zambia. Importing this package imports nothing else."""

__version__ = "0.1.0"
