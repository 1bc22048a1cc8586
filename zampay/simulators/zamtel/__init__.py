"""The Zamtel Kwacha network over HTTP: `zampay simulate zamtel`, see README.md."""
