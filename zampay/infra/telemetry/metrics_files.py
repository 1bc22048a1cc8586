"""The files in which web processes share their counts, and how they are read together.

What is only watched must not hurt: a full, read-only or vanished directory costs this process's
counts and never a request, and a file that cannot be read costs that file's counts and never the
page. prometheus_client maps its files into memory, where a full disk ends the process (SIGBUS);
these are written instead, in the same format (`prometheus_client.mmap_dict`).
"""

import contextlib
import errno
import fcntl
import os
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import structlog
from prometheus_client import Metric, mmap_dict, values
from prometheus_client.multiprocess import MultiProcessCollector

from zampay.infra.telemetry import shared_metrics
from zampay.kernel import clock

log = structlog.get_logger()
TRY_AGAIN_S = 10.0
MERGED = "merged"
SUMMED = ("counter", "histogram", "summary")
_BEGIN = 8
_USED = struct.Struct("i")
_PAIR = struct.Struct("dd")


class CountsFile:
    """What prometheus_client wants of its `MmapedDict`: the counts of one kind of one process. They
    are kept in memory; the file follows as long as it can be written.
    """

    def __init__(self, filename: str) -> None:
        self._positions: dict[str, int] = {}
        self._data = bytearray(_BEGIN)
        self._used_up_to(_BEGIN)
        self._name = filename
        self._file: int | None = None
        self._rest_until_s: float | None = None
        try:
            self._file = os.open(filename, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self._take_over(self._file)
        except OSError as error:
            self._give_up(error)

    def _take_over(self, file: int) -> None:
        """Go on from what a process with our id has left; what cannot be read is begun anew."""
        found = os.pread(file, os.fstat(file).st_size, 0)
        try:
            used = max(_USED.unpack_from(found)[0], 0)
            read: Any = mmap_dict._read_all_values  # noqa: SLF001 - the format is theirs
            known = {key: place for key, _, _, place in read(found, used)}
            self._data, self._positions = bytearray(found[:used]), known
        except (struct.error, RuntimeError, ValueError, IndexError):
            os.ftruncate(file, 0)
        if len(self._data) < _BEGIN:
            self._data = bytearray(_BEGIN)
            self._used_up_to(_BEGIN)

    def read_value(self, key: str) -> tuple[float, float]:
        """Value and time of a key; a new one is zero."""
        if key not in self._positions:
            self._add(key)
        value, at = _PAIR.unpack_from(self._data, self._positions[key])
        return value, at

    def write_value(self, key: str, value: float, timestamp: float) -> None:
        """Keep a value; never raises for what happens to the file."""
        if key not in self._positions:
            self._add(key)
        place = self._positions[key]
        _PAIR.pack_into(self._data, place, value, timestamp)
        self._save(place, place + _PAIR.size)

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _add(self, key: str) -> None:
        encoded, begin = key.encode(), len(self._data)
        padded = encoded + b" " * (8 - (len(encoded) + 4) % 8)
        self._data += _USED.pack(len(encoded)) + padded + _PAIR.pack(0.0, 0.0)
        self._positions[key] = len(self._data) - _PAIR.size
        self._save(begin, len(self._data))
        self._used_up_to(len(self._data))
        self._save(0, _BEGIN)

    def _used_up_to(self, end: int) -> None:
        _USED.pack_into(self._data, 0, end)

    def _save(self, begin: int, end: int) -> None:
        """Write a part of it; all of it when a part is missing there."""
        if self._file is None:
            return
        if self._rest_until_s is not None:
            if clock.monotonic_s() < self._rest_until_s:
                return
            begin, end = 0, len(self._data)
        try:
            written = os.pwrite(self._file, self._data[begin:end], begin)
        except OSError as error:
            self._give_up(error)
        else:
            self._rest_until_s = None
            if written < end - begin:
                self._give_up(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))

    def _give_up(self, error: OSError) -> None:
        """For a while, for good if it could not be opened."""
        self._rest_until_s = clock.monotonic_s() + TRY_AGAIN_S
        log.warning("counts_not_shared", file=Path(self._name).name, reason=error.strerror)


def install() -> None:
    """Have prometheus_client keep its counts so; before the first of them is made."""
    values.MmapedDict = CountsFile  # type: ignore[attr-defined,assignment]


class Shared(MultiProcessCollector):
    """The counts of all processes of a directory, without those that cannot be read."""

    def collect(self) -> Iterable[Metric]:
        """Every metric, summed."""
        directory = Path(self._path)
        with _lock(directory) as is_ours:
            if is_ours:
                merge_the_dead(directory)
            found: dict[str, Metric] = {}
            for file in sorted(directory.glob("*.db")):
                _add_up(found, file)
        return self._accumulate_metrics(found, accumulate=True)  # type: ignore[no-any-return,no-untyped-call]


def _add_up(found: dict[str, Metric], file: Path) -> None:
    for name, metric in _metrics_in(file).items():
        if name in found:
            found[name].samples += metric.samples
        else:
            found[name] = metric


def _metrics_in(file: Path) -> dict[str, Any]:
    try:
        return dict(MultiProcessCollector._read_metrics([str(file)]))  # type: ignore[no-untyped-call]  # noqa: SLF001
    except FileNotFoundError:
        return {}
    except Exception as error:  # noqa: BLE001 - whatever is wrong with a file, the others are told
        log.warning("counts_not_read", file=file.name, reason=type(error).__name__)
        return {}


def merge_the_dead(directory: Path) -> None:
    """Put what ended processes counted into one file of each kind, and remove theirs: or every
    process that ever ran would leave its files. Nobody else may do so at the same time.
    """
    for kind in SUMMED:
        theirs = [file for file in directory.glob(f"{kind}_*.db") if _is_of_the_dead(file)]
        if not theirs:
            continue
        merged = directory / f"{kind}_{MERGED}.db"
        total: dict[str, float] = {}
        for file in [merged, *theirs]:
            for key, value in _values_in(file):
                total[key] = total.get(key, 0.0) + value
        with contextlib.suppress(OSError):  # no room: they stay until there is
            _write_whole(merged, total)
            for file in theirs:
                file.unlink(missing_ok=True)


def _is_of_the_dead(file: Path) -> bool:
    pid = file.stem.rpartition("_")[2]
    return pid.isdigit() and not shared_metrics.is_running(int(pid))


def _values_in(file: Path) -> list[tuple[str, float]]:
    try:
        read = mmap_dict.MmapedDict.read_all_values_from_file(str(file))  # type: ignore[no-untyped-call]
        return [(key, value) for key, value, _, _ in read]
    except (OSError, RuntimeError, ValueError, IndexError, struct.error):
        return []


def _write_whole(file: Path, total: dict[str, float]) -> None:
    """All or nothing, so that a full disk leaves the old one."""
    draft = file.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    counts = CountsFile(os.devnull)
    for key, value in total.items():
        counts.write_value(key, value, 0.0)
    counts.close()
    draft.write_bytes(counts._data)  # noqa: SLF001
    draft.replace(file)


@contextlib.contextmanager
def _lock(directory: Path) -> Iterator[bool]:
    """Whether nobody else reads or merges at this moment; waits for nobody."""
    try:
        file = (directory / "lock").open("w")
    except OSError:
        yield False
        return
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        yield True
