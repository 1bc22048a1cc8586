"""What an operator types: `flask --app wsgi tenant|payment|callbacks|doctor …`.

Every deed names its operator and is in the audit log of the tenant whom it concerns.
"""

from flask import Flask

from zampay.cli.callbacks import callback_commands
from zampay.cli.doctor import doctor
from zampay.cli.payments import payment_commands
from zampay.cli.tenants import tenant_commands


def init(app: Flask) -> None:
    """Add the operator's commands to `flask`."""
    for command in (tenant_commands, payment_commands, callback_commands, doctor):
        app.cli.add_command(command)
