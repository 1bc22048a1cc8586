"""The command `zampay`: what an operator, a developer or a platform types (see `commands.py`).

Every action that concerns a tenant names its operator and is in the tenant's audit log.
"""
