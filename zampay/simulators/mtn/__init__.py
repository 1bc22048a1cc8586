"""The MTN MoMo network over HTTP: `python -m zampay.simulators.mtn`, see README.md."""
