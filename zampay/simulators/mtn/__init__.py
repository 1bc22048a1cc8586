"""The MTN MoMo network over HTTP: `zampay simulate mtn`, see README.md."""
