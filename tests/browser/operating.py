"""Somebody who runs the demo's tool: an account, a link, and a browser to use it in."""

import uuid

from playwright.sync_api import Page

from lti_tool import clock
from lti_tool.demo.world import World
from lti_tool.mail import MailServer
from lti_tool.services import organisations
from lti_tool.services.notices import digests
from lti_tool.services.staff import accounts, email_proofs, sign_in
from lti_tool.services.staff.accounts import Role
from lti_tool.services.staff.sign_in_mail import PostOffice
from tests.factories.mail_server import mail_server


def add_account(
    world: World, name: str = "Olena Koval", role: Role = Role.OPERATOR, slug: str | None = None
) -> uuid.UUID:
    now = clock.now()
    with world.tool.database.transaction() as db:
        made = accounts.add(db, name, encryption=world.tool.encryption, now=now)
        school = organisations.find(db, slug) if slug else None
        accounts.grant(db, made, role, school, now)
        return made.id


def off_token(world: World, account_id: uuid.UUID) -> str:
    """Return what the link in a mail to this account ends with; it is given an address."""
    encryption = world.tool.encryption
    with world.tool.database.transaction() as db:
        account = accounts.get(db, account_id)
        accounts.set_email(account, "olena@school.example", encryption)
        return digests.off_token(account, encryption, world.tool.settings.secret_key)


def proof_address(world: World, account_id: uuid.UUID) -> str:
    """Return the link of the mail by which this account shows that its address is its own."""
    tool = world.tool
    with tool.database.transaction() as db:
        account = accounts.get(db, account_id)
        accounts.set_email(account, "olena@school.example", tool.encryption)
        email_proofs.ask(db, account, "subject", "{link}", clock.now())
    with mail_server() as box:
        server = MailServer(box.url, "credlet@badges.example")
        url = tool.settings.public_url
        email_proofs.send_next(PostOffice(tool.database, tool.encryption, server, clock.now, url))
    return str(box.letters[0].get_content()).strip()


def link_for(world: World, account_id: uuid.UUID) -> str:
    with world.tool.database.transaction() as db:
        _, token = sign_in.make_link(db, accounts.get(db, account_id), clock.now())
    return f"{world.tool.settings.public_url}/sign-in/links/{token}"


def come_in(world: World, page: Page, account_id: uuid.UUID) -> None:
    page.goto(link_for(world, account_id))
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/admin**")


def give_authenticator(page: Page) -> None:
    """Build a device into the browser that keeps passkeys and always knows its owner's finger."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
