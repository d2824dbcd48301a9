"""Write a definition of one's own inside a launch, also while choosing content for a course."""

from lti_tool.web.launch_session import visiting
from lti_tool.web.teacher.blueprint import blueprint
from lti_tool.web.writing import routes
from lti_tool.web.writing.seat import Seat

routes.mount(
    blueprint,
    lambda writes: visiting(teacher=True, writes=writes, selects=None),
    Seat.of_launch,
)
