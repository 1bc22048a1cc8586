"""ZamPay, a mobile-money gateway for Zambia. Importing this package imports nothing else."""
