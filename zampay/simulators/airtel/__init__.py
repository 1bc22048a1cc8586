"""Airtel Money's Open API over HTTP: `zampay simulate airtel`, see README.md."""
