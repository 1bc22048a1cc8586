"""The command `zampay`, as an operator types it."""

from click.testing import Result
from flask import Flask

from zampay.__main__ import main


def run(app: Flask, *arguments: str, **environment: str) -> Result:
    """Run one command in this application."""
    return app.test_cli_runner().invoke(main, list(arguments), env=environment)
