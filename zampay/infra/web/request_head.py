"""What is looked at in a request's head before anything reads it, by the names as they were sent.

WSGI names a header as CGI did, where `X_Tenant_Id` and `X-Tenant-Id` are one variable; only here
can they be told apart.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from zampay.infra.web.request_limits import MAX_BODY_BYTES, MAX_HEADER_BYTES
from zampay.infra.web.wsgi_call import Headers

BAD_REQUEST, TOO_LARGE, TOO_MUCH_HEAD = 400, 413, 431
MOST_HEADERS = 100
VERSIONS = frozenset({"1.0", "1.1"})
ONCE = frozenset(
    {
        *(b"host", b"content-length", b"content-type", b"transfer-encoding", b"authorization"),
        *(b"x-tenant-id", b"idempotency-key", b"x-request-id"),
    }
)
"""Headers that say one thing: two of them, and one reader takes the first, another the last."""


def without_underscores(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """The headers, without those whose name may be taken for another's."""
    return [(name, value) for name, value in headers if b"_" not in name]


def refusal(headers: Headers, *, version: str) -> tuple[int, str] | None:
    """The status and the reason, if a request with this head is not worked on."""
    size = sum(len(name) + len(value) for name, value in headers)
    if size > MAX_HEADER_BYTES or len(headers) > MOST_HEADERS:
        return TOO_MUCH_HEAD, f"A request may have {MOST_HEADERS} headers, together 16 KiB."
    given = dict(headers)
    wrong = next(_contradictions(headers, given, version), None)
    if wrong is not None:
        return BAD_REQUEST, wrong
    length = given.get(b"content-length", b"0")
    return (TOO_LARGE, "A body may have 64 KiB.") if int(length) > MAX_BODY_BYTES else None


def _contradictions(headers: Headers, given: Mapping[bytes, bytes], version: str) -> Iterator[str]:
    """What two readers may understand differently (RFC 9112, 6.3 and 11.2)."""
    if version not in VERSIONS:
        yield "This is not HTTP/1.1."
    counts = Counter(name for name, _ in headers)
    for name in sorted(ONCE):
        if counts[name] > 1:
            yield f"The header {name.decode()} is there {counts[name]} times."
    if version == "1.1" and not given.get(b"host", b"").strip():
        yield "A request names its host."
    coding, length = given.get(b"transfer-encoding"), given.get(b"content-length")
    if coding is not None and version != "1.1":
        yield "HTTP/1.0 knows no Transfer-Encoding."
    if coding is not None and length is not None:
        yield "A request has Content-Length or Transfer-Encoding, not both."
    if coding is not None and coding.strip().lower() != b"chunked":
        yield "Of transfer codings only chunked is read."
    if length is not None and not length.strip().isdigit():
        yield "Content-Length is not a number."
