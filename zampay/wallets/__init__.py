"""Merchants' own wallets at the networks: encrypted credentials, verification, their choice."""
