"""The one shape of an error that a merchant may see.

A feature declares its errors beside the function that raises them, as subclasses with a stable
public `code`; `zampay.infra.web.problems` turns them into RFC 9457 answers.
"""

from typing import ClassVar


def told(title: str, advice: str) -> str:
    """What happened and what to do, where there is nothing more exact to say."""
    return f"{title}. {advice[:1].upper()}{advice[1:]}."


class ZamPayError(Exception):
    """A fact that stops a use case: public code, HTTP status, title, and what a merchant should do
    about it (Markdown, as the pages for merchants show it). Without a `detail` of its own an error
    says title and advice.
    """

    code: ClassVar[str] = "internal_error"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong on our side"
    advice: ClassVar[str] = "repeat the same request; if it stays, report the `requestId`"

    def __init__(
        self,
        detail: str | None = None,
        *,
        fields: dict[str, str] | None = None,
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or told(self.title, self.advice)
        self.fields = fields or {}
        self.retry_after_s = retry_after_s


class InvalidField(ZamPayError):
    """One or more fields of a request are wrong; `fields` says which and why, and the first of them
    is the detail too, because many clients show nothing else.
    """

    code = "validation_failed"
    status = 422
    title = "Some fields are not valid"
    advice = "`errors` says which fields"

    def __init__(self, fields: dict[str, str]) -> None:
        assert fields, "what is wrong is named"
        field, message = next(iter(fields.items()))
        super().__init__(f"{field}: {message}" if field else message, fields=fields)
