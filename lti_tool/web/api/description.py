"""The interface in the words of OpenAPI 3.1, made of the types that read it."""

from typing import Any

from flask import Response, jsonify
from pydantic.json_schema import models_json_schema

from lti_tool.services.completing.reports import MOST_ITEMS
from lti_tool.services.connections.api_clients import ANSWERS_KEPT, TOKEN_LIFETIME
from lti_tool.web.api.blueprint import blueprint
from lti_tool.web.api.completions import KEY_HEADER, LONGEST_KEY
from lti_tool.web.api.shapes import CompletionReport, Problem, ReportAnswer
from lti_tool.web.api.tokens import SCOPE
from lti_tool.web.context import public_url

_NO_METHOD = "This address takes POST alone, as Allow says"
_SCHEMAS = "#/components/schemas/"


@blueprint.get("/api/v1/openapi.json")
def described() -> Response:
    """Describe the interface; everybody may read it."""
    return jsonify(description(public_url()))


def description(base: str) -> dict[str, Any]:
    _, schemas = models_json_schema(
        [
            (CompletionReport, "validation"),
            (ReportAnswer, "serialization"),
            (Problem, "validation"),
        ],
        ref_template=_SCHEMAS + "{model}",
    )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Credlet",
            "version": "1",
            "description": "Report from another system who completed which learning unit.",
        },
        "servers": [{"url": base}],
        "security": [{"client": [SCOPE]}],
        "paths": {"/api/v1/completions": {"post": _report()}, "/oauth/token": {"post": _token()}},
        "components": {"schemas": schemas["$defs"], "securitySchemes": _schemes(base)},
    }


def _report() -> dict[str, Any]:
    items = {"type": "array", "minItems": 1, "maxItems": MOST_ITEMS}
    body = {
        "type": "object",
        "required": ["completions"],
        "additionalProperties": False,
        "properties": {"completions": {**items, "items": _ref("CompletionReport")}},
    }
    return {
        "operationId": "reportCompletions",
        "summary": "Record completions",
        "description": (
            "Each completion is recorded or refused by itself, and the answer has one result for "
            f"each, in order. Within {ANSWERS_KEPT.days} days the repetition of a request under "
            "its key gets the first answer; a record is never made twice under one key. "
            "No record is taken back here: a teacher of the course does that, on the page of "
            "the learner."
        ),
        "parameters": [
            {
                "name": KEY_HEADER,
                "in": "header",
                "required": True,
                "description": "Names this request; made anew for each one that is no repetition.",
                "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY},
            }
        ],
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {
            "200": _answer("One result for each completion", _ref("ReportAnswer")),
            **{
                status: _answer(words, _ref("Problem"), "application/problem+json")
                for status, words in (
                    ("400", "The report cannot be read"),
                    ("401", "The token is missing, unknown or over"),
                    ("405", _NO_METHOD),
                    ("409", "The key came before with another report"),
                    ("413", "The report is too large"),
                    ("429", "Too many requests; Retry-After says when to come back"),
                )
            },
        },
    }


def _token() -> dict[str, Any]:
    form = {
        "type": "object",
        "required": ["grant_type"],
        "properties": {
            "grant_type": {"const": "client_credentials"},
            "client_id": {"type": "string", "format": "uuid"},
            "client_secret": {"type": "string"},
            "scope": {"type": "string"},
        },
    }
    granted = {
        "type": "object",
        "required": ["access_token", "token_type", "expires_in"],
        "properties": {
            "access_token": {"type": "string"},
            "token_type": {"const": "Bearer"},
            "expires_in": {"type": "integer", "description": "seconds"},
            "scope": {"type": "string"},
        },
    }
    return {
        "operationId": "getToken",
        "summary": "Get an access token (RFC 6749, section 4.4)",
        "security": [{"basic": []}, {}],
        "requestBody": {
            "required": True,
            "content": {"application/x-www-form-urlencoded": {"schema": form}},
        },
        "responses": {
            "200": _answer(f"A token for {int(TOKEN_LIFETIME.total_seconds())} seconds", granted),
            "400": _answer("The request is wrong", {"type": "object"}),
            "401": _answer("The client is unknown, or its secret is wrong", {"type": "object"}),
            "405": _answer(_NO_METHOD, _ref("Problem"), "application/problem+json"),
        },
    }


def _schemes(base: str) -> dict[str, Any]:
    flow = {"tokenUrl": f"{base}/oauth/token", "scopes": {SCOPE: "Report completions"}}
    return {
        "client": {"type": "oauth2", "flows": {"clientCredentials": flow}},
        "basic": {"type": "http", "scheme": "basic"},
    }


def _ref(name: str) -> dict[str, str]:
    return {"$ref": _SCHEMAS + name}


def _answer(words: str, schema: dict[str, Any], kind: str = "application/json") -> dict[str, Any]:
    return {"description": words, "content": {kind: {"schema": schema}}}
