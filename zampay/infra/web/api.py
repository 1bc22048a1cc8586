"""flask-smorest with our error body, our security scheme, and a documentation page that needs
neither the internet nor an exception from the security headers.
"""

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, ClassVar

import flask_swagger_ui
import marshmallow as ma
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Blueprint as PlainBlueprint
from flask import Flask, Request, Response, current_app, render_template, send_from_directory
from flask_smorest import Api, Blueprint
from webargs.core import missing
from webargs.flaskparser import FlaskParser, is_json_request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest

from zampay.infra.web import openapi
from zampay.infra.web.fields import Cursor, Moment
from zampay.infra.web.request_limits import Unreadable
from zampay.kernel.errors import InvalidField

PREFIX = "/api/v1"
DOCS = "/api/docs"
_SWAGGER_UI = Path(flask_swagger_ui.__file__).parent / "dist"

docs = PlainBlueprint("docs", __name__, url_prefix=DOCS, template_folder="pages")


class Schema(ma.Schema):
    """Bodies and queries: camelCase outside, unknown fields refused, order kept. `words` says in
    the document what fields mean, by their names inside; `called` is the document's name of the
    schema where the class has another one.
    """

    words: ClassVar[Mapping[str, str]] = {}
    called: ClassVar[str] = ""

    class Meta:
        """Refuse what we do not know, so that a misspelt field is not silently ignored."""

        unknown = ma.RAISE

    @ma.pre_load
    def _take_an_empty_list(self, given: Any, **_: Any) -> Any:
        """PHP writes an empty array for an empty object; only where nothing is required."""
        needs_nothing = not any(field.required for field in self.load_fields.values())
        return {} if given == [] and needs_nothing else given

    def on_bind_field(self, field_name: str, field_obj: ma.fields.Field[Any]) -> None:
        """`external_id` is called `externalId` by those who call us."""
        if field_obj.required:
            field_obj.error_messages["null"] = "is required, and must not be null"
        first, *rest = (field_obj.data_key or field_name).split("_")
        field_obj.data_key = first + "".join(part.title() for part in rest)
        words = self.words.get(field_name) or openapi.USUAL_MEMBERS.get(field_name)
        if words:
            field_obj.metadata = {"description": words, **field_obj.metadata}


class Nothing(Schema):
    """The body of an operation that takes no members: left out, or empty."""

    called: ClassVar[str] = "NoMembers"


class ProblemField(Schema):
    """One field that is wrong."""

    words: ClassVar = {
        "field": "Its name, as the request has it; dots lead to what is inside of it.",
        "message": "What is wrong with it, for people.",
    }

    field = ma.fields.String(required=True)
    message = ma.fields.String(required=True)


class Problem(Schema):
    """RFC 9457, with a stable `code` and the id of the request."""

    words: ClassVar = {
        "type": "Where the code is explained.",
        "title": "What happened, the same words for the same code.",
        "status": "The HTTP status.",
        "code": "Decide by it; it never changes.",
        "detail": "What happened this time, and what to do.",
        "request_id": "Name it when you ask for help.",
        "errors": "All wrong fields at once, where fields are wrong.",
    }

    type = ma.fields.String(required=True)
    title = ma.fields.String(required=True)
    status = ma.fields.Integer(required=True)
    code = ma.fields.String(required=True)
    detail = ma.fields.String(required=True)
    request_id = ma.fields.String(required=True)
    errors = ma.fields.List(ma.fields.Nested(ProblemField))


class ZamPayApi(Api):  # type: ignore[misc]
    """The API, whose errors are problems in the document as they are on the wire."""

    DEFAULT_ERROR_RESPONSE_NAME = None

    def _register_responses(self) -> None:
        """Leave the problems to `openapi.Answers`: theirs is another media type."""

    def _register_pagination_header(self) -> None:
        """Our pages say in their body whether there are more."""

    def _register_error_handlers(self) -> None:
        """Leave errors to `problems`, which also sees those of paths outside the API."""


def init(app: Flask, *, version: str) -> Api:
    """Create the API; blueprints are registered on what this returns."""
    app.config.update(
        API_TITLE="ZamPay",
        API_VERSION=version,
        OPENAPI_VERSION=openapi.VERSION,
        OPENAPI_URL_PREFIX="/api",
        OPENAPI_JSON_PATH="openapi.json",
        API_SPEC_OPTIONS=openapi.ABOUT,
    )
    marshmallow = MarshmallowPlugin(schema_name_resolver=openapi.schema_name)
    answers = openapi.Answers(Problem)
    api = ZamPayApi(
        app, spec_kwargs={"marshmallow_plugin": marshmallow, "extra_plugins": [answers]}
    )
    assert marshmallow.converter is not None, "the API has set it up"
    marshmallow.converter.add_attribute_function(openapi.plain)  # type: ignore[no-untyped-call]
    marshmallow.converter.add_parameter_attribute_function(openapi.without_null_in_queries)
    api.register_field(Moment, "string", "date-time")
    api.register_field(Cursor, "string", None)
    app.register_blueprint(docs)
    return api


class StrictParser(FlaskParser):
    """Reads bodies by the application's strict JSON (webargs brings its own, which takes NaN and
    dies of deep nesting), and refuses query parameters that it does not know.
    """

    DEFAULT_UNKNOWN_BY_LOCATION = FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION | {"query": ma.RAISE}

    def load_querystring(self, req: Request, schema: ma.Schema) -> Any:
        """The query parameters, each of which is given once, or is a list."""
        found = super().load_querystring(req, schema)
        _refuse_wrong_lists(req.args, lists=found.multiple_keys)
        return found

    def _raw_load_json(self, req: Request) -> Any:
        body = req.get_data(cache=True)
        if not body or not is_json_request(req):
            return missing
        try:
            return current_app.json.loads(body)
        except Unreadable as error:
            raise BadRequest(str(error)) from error


def _refuse_wrong_lists(given: MultiDict[str, str], *, lists: Collection[str]) -> None:
    """Refuse a query parameter that is given twice, unless its field is a list: then it means each
    of the values. And a list as PHP writes it, `status[]` or `status[0]`, with the way to write it
    here. An entry of a map, `metadata[order]`, is a list as well; its schema refuses other maps.

    Raises:
        InvalidField.
    """
    wrong = {}
    for name in given:
        plain = re.sub(r"\[[0-9]*\]$", "", name)
        if plain != name and plain in lists:
            wrong[name] = f"is not known here; write {plain}=...&{plain}=... for a list"
        elif len(given.getlist(name)) > 1 and name not in lists and not name.endswith("]"):
            wrong[name] = "must not be given twice"
    if wrong:
        raise InvalidField(wrong)


class GuardedBlueprint(Blueprint):  # type: ignore[misc]
    """A blueprint whose document says which routes need a key and its tenant."""

    ARGUMENTS_PARSER = StrictParser()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._prepare_doc_cbks.append(self._prepare_guard_doc)

    def arguments(self, schema: type[ma.Schema] | ma.Schema, **options: Any) -> Any:
        """As flask-smorest's, with one schema for all requests: to make one takes longer than to
        read a body with it.
        """
        made = schema() if isinstance(schema, type) else schema
        return super().arguments(made, **options)

    def _prepare_guard_doc(
        self, doc: dict[str, Any], info: dict[str, Any], **_: Any
    ) -> dict[str, Any]:
        if info.get("guarded"):
            doc["security"] = openapi.GUARD
        return doc


def no_members(of: GuardedBlueprint) -> Any:
    """Let a route refuse a body with members, rather than ignore what somebody meant by them."""
    return of.arguments(Nothing, required=False, as_kwargs=True)


def blueprint(name: str, description: str) -> GuardedBlueprint:
    """A blueprint under the base path of the API."""
    return GuardedBlueprint(name, name, url_prefix=PREFIX, description=description)


@docs.get("", strict_slashes=False)
def page() -> str:
    """The reference, in Swagger UI."""
    return render_template("docs.html")


@docs.get("/ui/<path:name>")
def asset(name: str) -> Response:
    """Swagger UI's own files, from the package."""
    return send_from_directory(_SWAGGER_UI, name, max_age=86_400)


@docs.get("/<any('start.js', 'style.css'):name>")
def own(name: str) -> Response:
    """Files of our own: the content security policy allows no inline script."""
    return send_from_directory(Path(__file__).parent / "pages", name, max_age=3600)
