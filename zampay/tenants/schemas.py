"""What register, keys and the audit log take and give."""

from datetime import timedelta
from typing import Any, ClassVar

import marshmallow as ma

from zampay.infra.web.api import Schema
from zampay.infra.web.fields import (
    Cursor,
    EmailAddress,
    Moment,
    Name,
    RowCursor,
    String,
    Switch,
    page_size,
)
from zampay.kernel.clock import micros
from zampay.tenants.scopes import ALL

MAX_OVERLAP_H = 7 * 24
NAME_LENGTH = 100
_KEY_WORDS = {
    "name": "For you to read.",
    "hint": "How the key begins.",
    "scopes": "What it may do; all of it unless you say less.",
    "expires_at": "From when on it is refused; null for never.",
    "revoked_at": "Since when it is refused.",
    "last_used_at": "To the minute.",
    "api_key": "Shown once; keep it.",
}


class Registration(Schema):
    """A merchant who registers."""

    words: ClassVar = {
        "business_name": "What payers and operators know the business by.",
        "email": "Where the operator reaches the merchant.",
    }

    business_name = Name(required=True, longest=NAME_LENGTH, metadata={"example": "Kalulu Books"})
    email = EmailAddress(
        required=True,
        validate=ma.validate.Length(max=254),
        metadata={"example": "owner@kalulu.example"},
    )


class Registered(Schema):
    """The tenant and its first test key, shown this once."""

    called: ClassVar = "RegisteredTenant"

    words: ClassVar = {
        "tenant_id": "What `x-tenant-id` says from now on.",
        "business_name": "As it was given, in its normal form (NFKC).",
        "email": "As it was given.",
        "live_activated": "Whether the operator lets you make live keys.",
        "api_key": "Shown once; keep it.",
    }

    tenant_id = ma.fields.String(required=True)
    business_name = ma.fields.String(required=True)
    email = ma.fields.String(required=True)
    live_activated = ma.fields.Boolean(required=True)
    api_key = ma.fields.String(required=True)


class Key(Schema):
    """A key as it can be listed: never its text."""

    called: ClassVar = "ApiKey"

    words: ClassVar = _KEY_WORDS

    id = ma.fields.String(required=True)
    name = ma.fields.String(required=True)
    livemode = ma.fields.Boolean(required=True)
    hint = ma.fields.String(required=True)
    scopes = ma.fields.List(ma.fields.String(), required=True)
    created_at = Moment(required=True)
    expires_at = Moment(required=True, allow_none=True)
    revoked_at = Moment(required=True, allow_none=True)
    last_used_at = Moment(required=True, allow_none=True)


class NewKey(Key):
    """A key just made, with its text."""

    called: ClassVar = "NewApiKey"

    api_key = ma.fields.String(required=True)


class KeyQuery(Schema):
    """Which page of the keys."""

    limit = page_size()
    after = RowCursor("key", load_default=None)


class KeyPage(Schema):
    """A page of keys, newest first."""

    called: ClassVar = "ApiKeyPage"

    data = ma.fields.List(ma.fields.Nested(Key), required=True)
    has_more = ma.fields.Boolean(required=True)
    next_cursor = Cursor(parts=2, required=True, allow_none=True)


class KeyRequest(Schema):
    """A further key."""

    called: ClassVar = "ApiKeyRequest"

    words: ClassVar = _KEY_WORDS

    livemode = Switch(load_default=False)
    name = Name(required=True, longest=NAME_LENGTH)
    scopes = ma.fields.List(
        String(validate=ma.validate.OneOf(ALL)),
        load_default=lambda: list(ALL),
        validate=ma.validate.Length(1, len(ALL)),
    )
    expires_at = Moment(load_default=None, allow_none=True)


class Rotation(Schema):
    """How long the old one stays valid beside the new one, of keys and of webhook secrets."""

    words: ClassVar = {"overlap_hours": "How long the old one stays valid beside the new one."}

    overlap_hours = ma.fields.Integer(
        load_default=24, strict=True, validate=ma.validate.Range(0, MAX_OVERLAP_H)
    )

    @ma.post_load
    def as_overlap(self, loaded: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Hours on the wire, a duration inside."""
        return {"overlap": timedelta(hours=loaded["overlap_hours"])}


class AuditQuery(Schema):
    """Which page of the audit log."""

    limit = page_size()
    after = Cursor(parts=1, load_default=None)


class AuditLine(Schema):
    """Who did what, when, from where."""

    called: ClassVar = "AuditEntry"
    words: ClassVar = {
        "at": "When it was done.",
        "action": "What was done, such as `key.created`.",
        "actor": "Who did it: the id of a key, `operator:` and a name, or `zampay` itself.",
        "address": "The address it came from; null when it was no request.",
        "subject": "The id of what it was done to.",
        "details": "What else there is to know of this action.",
        "tenant_id": "Whose line it is: the hash is taken over it, too.",
        "position": "1 for the account's first line; no number is left out.",
        "at_micros": "The same time in microseconds since 1970, as the hash is taken over it.",
        "hash": "SHA-256 over this line and the hash before it; `zampay verify-audit` checks it.",
    }

    at = Moment(required=True)
    action = ma.fields.String(required=True)
    actor = ma.fields.String(required=True)
    address = ma.fields.String(required=True, allow_none=True)
    subject = ma.fields.String(required=True, allow_none=True)
    details = ma.fields.Dict(required=True)
    tenant_id = ma.fields.String(required=True)
    position = ma.fields.Integer(required=True)
    at_micros = ma.fields.Function(
        lambda line: micros(line.at), required=True, metadata={"type": "integer"}
    )
    hash = ma.fields.String(required=True)


class AuditPage(Schema):
    """A page of the audit log, newest first."""

    data = ma.fields.List(ma.fields.Nested(AuditLine), required=True)
    has_more = ma.fields.Boolean(required=True)
    next_cursor = Cursor(parts=1, required=True, allow_none=True)
