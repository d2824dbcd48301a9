"""From where somebody writes: a launch, or an account. The pages are the same."""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from flask import request, url_for
from sqlalchemy.orm import Session

from lti_tool.errors import NotFound
from lti_tool.models import AccountSession, DefinitionDraft, LaunchSession, Organisation
from lti_tool.services import organisations
from lti_tool.services.definitions import drafts
from lti_tool.services.definitions.drafts import EDITABLE, Writer
from lti_tool.services.staff.accounts import Access
from lti_tool.web.account_session import AccountVisit
from lti_tool.web.context import current_tool
from lti_tool.web.launch_session import Visit


@dataclass(frozen=True, slots=True)
class Seat:
    """Who writes, and where. `organisations`: those for which a new definition can be begun.
    `reads`: those whose drafts are shown, also of others; their authors alone change them."""

    visit: Visit | AccountVisit
    actor: str
    organisations: Sequence[Organisation]
    reads: frozenset[uuid.UUID]

    @classmethod
    def of_launch(cls, visit: Visit) -> "Seat":
        """A teacher, for the organisation of the platform: own drafts only."""
        if visit.launch.is_privacy:
            raise NotFound("other_launch")
        home = visit.launch.person.platform.organisation
        return cls(visit, f"person:{visit.launch.person_id}", [home], frozenset())

    @classmethod
    def of_account(cls, visit: AccountVisit) -> "Seat":
        """An administrator, for the organisations that they administer."""
        here = None if visit.access.is_operator else visit.access.administers
        found = organisations.listed(visit.db, here)
        return cls(visit, visit.actor, found, frozenset(one.id for one in found))

    @property
    def db(self) -> Session:
        return self.visit.db

    @property
    def now(self) -> datetime:
        return self.visit.now

    @property
    def is_launch(self) -> bool:
        return isinstance(self.visit, Visit)

    def address(self, endpoint: str, draft: DefinitionDraft | None = None, **more: object) -> str:
        """Return the address of a page of the form, with what is said here for it."""
        values = {"draft_id": draft.id} if draft is not None else {}
        if isinstance(self.visit, Visit):
            values["launch_id"] = self.visit.launch.id
        name = f"{'teacher' if self.is_launch else 'admin'}.{endpoint}"
        return url_for(name, _external=False, **values, **more)  # type: ignore[arg-type]

    @contextmanager
    def again(self, *, writes: bool = False) -> Iterator["Seat"]:
        """Yield the same seat in a transaction of its own, once that of the request has ended."""
        with current_tool().database.transaction(read_only=not writes) as db:
            if isinstance(self.visit, Visit):
                launch = db.get_one(LaunchSession, self.visit.launch.id)
                yield Seat.of_launch(Visit(db, launch, self.now))
            else:
                session = db.get_one(AccountSession, self.visit.session.id)
                access = Access.of(session.account)
                yield Seat.of_account(AccountVisit(db, session, access, self.now))

    def writer(self, organisation_id: uuid.UUID) -> Writer:
        """Return who writes for one of `organisations`.

        Raises:
            NotFound: `unknown_organisation`.
        """
        if organisation_id not in {one.id for one in self.organisations}:
            raise NotFound("unknown_organisation")
        return Writer(self.actor, organisation_id)

    def chosen_organisation(self) -> uuid.UUID:
        """Return the organisation that the form names, else the first one."""
        try:
            return uuid.UUID(request.form.get("organisation", ""))
        except ValueError:
            return self.organisations[0].id if self.organisations else uuid.UUID(int=0)

    def drafts(self) -> list[DefinitionDraft]:
        """Return the own drafts that are not over."""
        found = [
            one
            for home in self.organisations
            for one in drafts.of_author(self.db, Writer(self.actor, home.id))
        ]
        return sorted(found, key=lambda one: one.updated_at, reverse=True)

    def published(self) -> list[DefinitionDraft]:
        """Return what this author wrote and was published, newest first."""
        found = [
            one
            for home in self.organisations
            for one in drafts.published_by(self.db, Writer(self.actor, home.id))
        ]
        return sorted(found, key=lambda one: one.updated_at, reverse=True)

    def is_author(self, draft: DefinitionDraft) -> bool:
        here = {one.id for one in self.organisations}
        return draft.author == self.actor and draft.organisation_id in here

    def edits(self, draft: DefinitionDraft) -> bool:
        """Return whether a draft can be changed from here as it stands now."""
        return draft.state in EDITABLE and self.is_author(draft)

    def readable(self, draft_id: uuid.UUID) -> DefinitionDraft:
        """Return a draft that may be looked at from here.

        Raises:
            NotFound: `unknown_draft`.
        """
        found = drafts.find(self.db, draft_id)
        if not self.is_author(found) and found.organisation_id not in self.reads:
            raise NotFound("unknown_draft")
        return found

    def own(self, draft_id: uuid.UUID) -> DefinitionDraft:
        """Return a draft that may be changed from here.

        Raises:
            NotFound: `unknown_draft`.
        """
        found = drafts.find(self.db, draft_id)
        if not self.is_author(found):
            raise NotFound("unknown_draft")
        return found
