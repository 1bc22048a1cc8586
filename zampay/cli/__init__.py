"""What an operator types: `flask --app wsgi tenant|key|payment|callbacks|secrets|doctor …`.

Every action that concerns a tenant names its operator and is in the tenant's audit log.
"""

from flask import Flask

from zampay.cli.callbacks import callback_commands
from zampay.cli.doctor import doctor
from zampay.cli.keys import key_commands
from zampay.cli.operators import operator_commands
from zampay.cli.payments import payment_commands
from zampay.cli.secrets import secret_commands
from zampay.cli.tenants import tenant_commands


def init(app: Flask) -> None:
    """Add the operator's commands to `flask`."""
    merchants = (tenant_commands, key_commands, payment_commands)
    for command in (*merchants, operator_commands, callback_commands, secret_commands, doctor):
        app.cli.add_command(command)
