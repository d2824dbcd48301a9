"""Write a definition for an organisation that one administers, and look at those of others."""

from lti_tool.web.account_session import For, signed_in
from lti_tool.web.admin.blueprint import blueprint
from lti_tool.web.writing import routes
from lti_tool.web.writing.seat import Seat

routes.mount(
    blueprint,
    lambda writes: signed_in(For.ADMINISTRATORS, writes=writes),
    Seat.of_account,
)
