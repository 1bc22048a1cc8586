"""Names to addresses, within a deadline: the C library's look-up has none that we could set.

A look-up that hangs keeps its thread until the library gives up. Each name has one under way at
most, whoever asks, and all together have a bound; who finds none left is told so at once.
"""

import ipaddress
import socket
import threading
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TooLate

MOST_THREADS = 128


class Unresolved(OSError):
    """No address was found in time."""


class Resolver:
    """Look-ups of one purpose: those for merchants' names do not take the places of others."""

    def __init__(self, *, most: int = MOST_THREADS) -> None:
        self._lock = threading.Lock()
        self._most = most
        self._under_way: dict[tuple[str, int], Future[list[str]]] = {}

    def addresses(self, host: str, port: int, *, timeout_s: float) -> list[str]:
        """The addresses of a host, in the order in which to try them.

        Raises:
            Unresolved: there are none, or none came in time.
        """
        if _is_literal(host):
            return _look_up(host, port)
        try:
            return self._begun(host, port).result(max(timeout_s, 0))
        except TooLate as error:
            raise Unresolved("the look-up took too long") from error

    def _begun(self, host: str, port: int) -> Future[list[str]]:
        key = (host, port)
        with self._lock:
            known = self._under_way.get(key)
            if known is not None:
                return known
            if len(self._under_way) >= self._most:
                raise Unresolved("too many look-ups hang")
            made = self._under_way[key] = Future()
        # A daemon, so that a look-up that hangs does not hold up the end of the process.
        try:
            threading.Thread(target=self._run, args=(key, made), name="dns", daemon=True).start()
        except RuntimeError as error:  # the machine has none left
            self._forget(key)
            made.set_exception(Unresolved("no thread for the look-up"))
            raise Unresolved("no thread for the look-up") from error
        return made

    def _run(self, key: tuple[str, int], made: Future[list[str]]) -> None:
        try:
            found = _look_up(*key)
        except BaseException as error:  # noqa: BLE001 - whoever waits gets it
            self._forget(key)
            made.set_exception(error)
        else:
            self._forget(key)
            made.set_result(found)

    def _forget(self, key: tuple[str, int]) -> None:
        with self._lock:
            self._under_way.pop(key, None)


def _look_up(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unresolved("no address is known") from error
    return list(dict.fromkeys(str(info[4][0]) for info in found))


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return False
    return True
