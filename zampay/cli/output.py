"""What a command writes to the operator's terminal: text of merchants and networks is in it, and
must not steer the terminal. All of it is escaped here, so that no command can forget.
"""

import contextlib
import io
import sys
from collections.abc import Iterator
from typing import TextIO

from zampay.kernel import words


class _Visible(io.TextIOBase):
    """Hands on to another stream what can be seen; line feeds and tabs stay."""

    def __init__(self, to: TextIO) -> None:
        super().__init__()
        self._to = to

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """That of the stream behind it."""
        return self._to.encoding

    @property
    def errors(self) -> str | None:  # type: ignore[override]
        """As `encoding`."""
        return self._to.errors

    def writable(self) -> bool:
        """It is."""
        return True

    def isatty(self) -> bool:
        """Whether a terminal is behind it."""
        return self._to.isatty()

    def write(self, text: str, /) -> int:
        """Write it, escaped.

        Raises:
            TypeError: it is bytes; that is how click finds out that this takes text.
        """
        if not isinstance(text, str):
            raise TypeError("text is written here")
        kept = "".join(one if one in "\n\t" else words.visible(one) for one in text)
        self._to.write(kept)
        return len(text)

    def flush(self) -> None:
        """Flush the stream behind it."""
        self._to.flush()


@contextlib.contextmanager
def visible() -> Iterator[None]:
    """Everything that is written to standard output in this block can be seen."""
    with contextlib.redirect_stdout(_Visible(sys.stdout)):
        yield
