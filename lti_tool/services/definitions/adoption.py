"""Another's definition, of this server or of another one: looked up, and taken as a beginning."""

import json
import re
import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from urllib.parse import urlsplit

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from badges import adoption, definition, drafting, open_resource, strict_json
from badges import definition_values as values
from badges.definition import InvalidDefinition
from badges.drafting import Json
from badges.json_reader import Node, Refused
from badges.micro_credential import MicroCredential
from badges.picture import Picture, PictureRefused
from badges.strict_json import MalformedJson
from lti_tool.errors import NotFound, ToolError
from lti_tool.models import DefinitionDraft, MicroCredentialSeries, Organisation
from lti_tool.outbound import Outbound, OutboundError
from lti_tool.services import audit
from lti_tool.services.definitions import artworks, catalogue, drafts
from lti_tool.services.definitions.drafts import Writer
from lti_tool.services.definitions.history import Act

log = structlog.get_logger(__name__)

LONGEST_ADDRESS = 1000
_NAME = "[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
_ADDRESS = re.compile(
    rf"(?P<server>https?://[^/?#\s]+(?:/[A-Za-z0-9_~][A-Za-z0-9._~-]*)*?)/definitions/(?P<body>{_NAME})/(?P<code>{_NAME}?)"
    rf"(?:/(?P<version>{_NAME}?))?(?:\.json|/definition\.json|/history\.json|/)?(?:[?#]\S*)?"
)


@dataclass(frozen=True, slots=True)
class Source:
    """A definition and its public address, which names the version. `picture`: what was brought
    along with it; one of this server is found by its digest. `retired_at`: as far as is known."""

    mc: MicroCredential
    uri: str
    picture: Picture | None = None
    retired_at: datetime | None = None

    @property
    def digest(self) -> str:
        """What it says, as SHA-256 hex: whether it is still what somebody was shown."""
        content = json.dumps(definition.public(self.mc), sort_keys=True)
        return sha256(content.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Address:
    """What the public address of a definition says; `version` is "" for the newest."""

    server: str
    body: str
    code: str
    version: str

    @classmethod
    def of(cls, text: str) -> "Address":
        """Read what somebody copied from their browser, or what a file says of itself.

        Raises:
            ToolError: `no_definition_address`.
        """
        found = _ADDRESS.fullmatch(text.strip()) if len(text) <= LONGEST_ADDRESS else None
        if found is None:
            raise ToolError("no_definition_address")
        address = cls(found["server"], found["body"], found["code"], found["version"] or "")
        try:
            values.uri(Node(address.uri))  # what a definition could not name as its origin
        except Refused:
            raise ToolError("no_definition_address") from None
        return address

    @property
    def uri(self) -> str:
        version = f"/{self.version}" if self.version else ""
        return f"{self.server}/definitions/{self.body}/{self.code}{version}"

    def is_at(self, public_url: str) -> bool:
        """Whether the server is this one, however its address is written."""
        return _place(self.server) == _place(public_url)


def _place(server: str) -> tuple[str, int | None, str]:
    parts = urlsplit(server)
    port = None if parts.port in (80, 443) else parts.port
    return (parts.hostname or "").lower(), port, parts.path.rstrip("/")


def here(db: Session, address: Address, public_url: str) -> Source | None:
    """Return a definition of this server; None where the address is another's.

    Raises:
        NotFound: `unknown_micro_credential`.
    """
    if not address.is_at(public_url):
        return None
    found = catalogue.find(db, address.uri.partition("/definitions/")[2])
    uri = catalogue.version_address(public_url, found)
    return Source(catalogue.definition(found), uri, retired_at=found.retired_at)


def fetch(outbound: Outbound, address: Address) -> Source:
    """Return a definition of another server; goes over the network.

    Raises:
        NotFound: `no_definition_there`, whatever came of it: nobody learns here which addresses of
            a network are refused, which are silent, and which answer something else.
    """
    if not address.version:
        address = _newest(outbound, address)
    content = _get(outbound, f"{address.uri}/definition.json")
    try:
        mc = definition.loads(content)
    except InvalidDefinition as error:
        raise NotFound("no_definition_there") from error
    return Source(mc, address.uri, retired_at=_retired_at(outbound, address))


def _retired_at(outbound: Outbound, address: Address) -> datetime | None:
    """Return since when a version of another server is retired, by its history, if it has one."""
    try:
        told = strict_json.loads(_get(outbound, f"{address.uri}/history.json"))
    except (ToolError, MalformedJson):
        return None
    events = told.get("history") if isinstance(told, dict) else None
    for event in events if isinstance(events, list) else ():
        if isinstance(event, dict) and event.get("action") == Act.RETIRED.value:
            try:
                at = datetime.fromisoformat(str(event.get("at")))
            except ValueError:
                return None
            return at if at.tzinfo else None
    return None


def with_picture(outbound: Outbound, source: Source) -> Source:
    """Return a definition of another server with its picture, cleaned, where its licence lets
    everybody have both; goes over the network. What cannot be had is drawn here."""
    if source.mc.artwork is None or not adoption.may_adapt(source.mc.licence):
        return source
    try:
        told = strict_json.loads(_get(outbound, f"{source.uri}/resource.jsonld"))
        found = open_resource.opened(told)
        return replace(source, picture=artworks.brought(found[0]) if found else None)
    except (ToolError, MalformedJson, PictureRefused):
        return source


def in_file(document: object) -> Source | None:
    """Return what an open educational resource holds (`open_resource`), its picture cleaned; takes
    seconds. None: it is none.

    Raises:
        InvalidDefinition: what it holds is no definition.
        ToolError: `no_definition_address`: it does not say where it is from.
        PictureRefused: its picture cannot be shown.
    """
    found = open_resource.opened(document)
    if found is None:
        return None
    content, uri = found
    mc, address = definition.load(content), Address.of(uri)
    return Source(mc, address.uri, artworks.brought(content))


def confirmed(db: Session, source: Source, public_url: str) -> Source:
    """Return what a file holds; where it says that it is from this server, what stands here.

    Raises:
        ToolError: `not_as_published`: here stands something else, or nothing.
    """
    try:
        found = here(db, Address.of(source.uri), public_url)
    except NotFound:
        raise ToolError("not_as_published") from None
    if found is not None and not _says_the_same(found.mc, source.mc):
        raise ToolError("not_as_published")
    return found or source


def _says_the_same(mc: MicroCredential, other: MicroCredential) -> bool:
    """Whether everybody reads the same in both; a picture is named by what it is."""
    if other.artwork is not None:
        other = replace(other, artwork=replace(other.artwork, data=None))
    return definition.public(mc) == definition.public(other)


def _newest(outbound: Outbound, address: Address) -> Address:
    """Return the newest version that the page of a series names, of the same series only."""
    try:
        told = strict_json.loads(_get(outbound, address.uri))
        newest = Address.of(str(told["newest"]) if isinstance(told, dict) else "")
    except (KeyError, ToolError, MalformedJson) as error:
        if isinstance(error, NotFound):
            raise
        raise NotFound("no_definition_there") from error
    if not newest.version:
        raise NotFound("no_definition_there")
    return Address(address.server, address.body, address.code, newest.version)


def _get(outbound: Outbound, url: str) -> bytes:
    try:
        answer = outbound.get(url, headers={"Accept": "application/json"})
    except OutboundError as error:
        log.info("definition_not_fetched", code=error.code)
        raise NotFound("no_definition_there") from error
    if not answer.is_success:
        log.info("definition_not_fetched", code=str(answer.status))
        raise NotFound("no_definition_there")
    return answer.content


def is_free(db: Session, organisation_id: uuid.UUID, source: Source, public_url: str) -> bool:
    """Whether an organisation may change it unasked: by its licence, or because it is its own, of
    this server."""
    mc = source.mc
    if adoption.may_adapt(mc.licence):
        return True
    if not Address.of(source.uri).is_at(public_url):
        return False
    own = sa.select(MicroCredentialSeries.id).join(MicroCredentialSeries.organisation)
    named = MicroCredentialSeries.code == mc.code, Organisation.slug == mc.awarding_body.slug
    return db.scalar(own.filter(Organisation.id == organisation_id, *named)) is not None


def begin(
    db: Session,
    writer: Writer,
    source: Source,
    *,
    public_url: str,
    is_allowed: bool,
    now: datetime,
) -> DefinitionDraft:
    """Return a draft of the writer's own, with its origin in it; what another server's is made of
    is not here, and left behind. Its picture comes along where its licence covers it.

    `is_allowed`: the writer says that its awarding body lets them, which is kept.

    Raises:
        ToolError: `adaptation_not_allowed`: neither does its licence.
    """
    is_unasked = is_free(db, writer.organisation_id, source, public_url)
    by = "licence" if is_unasked else "permission"
    if by == "permission" and not is_allowed:
        raise ToolError("adaptation_not_allowed")
    content = adoption.begun_with(source.mc, source.uri)
    if not Address.of(source.uri).is_at(public_url):
        content.pop("stack", None)
    if by == "permission":
        content.pop("artwork", None)
    return _derived(db, writer, content, source.picture, source.uri, by, now)


def is_others(db: Session, organisation_id: uuid.UUID, content: Json) -> bool:
    """Whether a file that says no address says another awarding body than this organisation: one of
    another slug, or of another name whose code is not known here."""
    body = content.get("awarding_body") or {}
    if not body.get("name") and not body.get("slug"):
        return False
    own = db.get_one(Organisation, organisation_id)
    if body.get("slug") != own.slug:
        return True
    return own.name not in (body.get("name") or {}).values() and not _has_code(
        db, organisation_id, str(content.get("code"))
    )


def _has_code(db: Session, organisation_id: uuid.UUID, code: str) -> bool:
    series = sa.select(MicroCredentialSeries.id).filter_by(
        organisation_id=organisation_id, code=code
    )
    drafted = sa.select(DefinitionDraft.id).filter(
        DefinitionDraft.organisation_id == organisation_id,
        DefinitionDraft.content["code"].as_string() == code,
    )
    return bool(db.scalar(sa.select(series.exists() | drafted.exists())))


def begin_with_file(
    db: Session,
    writer: Writer,
    content: Json,
    picture: Picture | None,
    *,
    public_url: str,
    is_allowed: bool,
    now: datetime,
) -> DefinitionDraft:
    """Return a draft of the writer's own with what a file says, which may lack much, and the
    picture that it `brought`; with its origin, if that is another awarding body (`begin`).

    Raises:
        ToolError: `adaptation_not_allowed`, as `begin`.
    """
    if not is_others(db, writer.organisation_id, content):
        content = dict(content)
        drafting.settle_original_language(content)
        return _begun(db, writer, content, picture, now)
    is_open = adoption.may_adapt(content.get("licence"))
    if not is_open and not is_allowed:
        raise ToolError("adaptation_not_allowed")
    uri = _published_at(db, content, public_url)
    begun = adoption.begun_from(content, uri)
    if uri is None:
        begun.pop("stack", None)
    if not is_open:
        begun.pop("artwork", None)
    by = "licence" if is_open else "permission"
    return _derived(db, writer, begun, picture, uri or "file", by, now)


def _published_at(db: Session, content: Json, public_url: str) -> str | None:
    """Return the address on this server under which everybody reads what a file says."""
    try:
        mc = definition.load(content)
        found = catalogue.find(db, f"{mc.awarding_body.slug}/{mc.code}/{mc.version}")
    except (InvalidDefinition, NotFound):
        return None
    if not _says_the_same(catalogue.definition(found), mc):
        return None
    return catalogue.version_address(public_url, found)


def _derived(
    db: Session,
    writer: Writer,
    content: Json,
    picture: Picture | None,
    origin: str,
    by: str,
    now: datetime,
) -> DefinitionDraft:
    draft = _begun(db, writer, content, picture, now)
    action, subject = "draft.derived", f"definition_draft:{draft.id}"
    at, place = now, writer.organisation_id
    audit.note_in(db, place, writer.actor, action, subject, at, origin=origin, by=by)
    return draft


def _begun(
    db: Session, writer: Writer, content: Json, picture: Picture | None, now: datetime
) -> DefinitionDraft:
    """Keep the content as a draft, under a code and with an awarding body of the writer's own."""
    content = artworks.unpacked(db, content, picture, now, writer.organisation_id)
    first = drafting.original(content)
    title = str(content["title"].get(first, ""))
    draft = drafts.start(db, writer, title=title, language=first, now=now)
    own = {name: draft.content[name] for name in ("code", "version", "awarding_body")}
    drafts.save(db, draft, {**content, **own}, revision=draft.revision, now=now)
    return draft
