"""In what an LMS differs from others: which one the demo LMS plays.

Each deviation is one that was seen; `lti_tool.lti.quirks` names them and says what the tool does.
"""

from dataclasses import dataclass

INSTITUTION = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """`label`: the product, as people call it. `line_items`: path of a course's columns.

    `iss`: what it calls itself, if not its address. `deployments`: "site" (one per tool), "one"
    (always "1") or "course". `learner_roles`: what learners are called beside it. `storage_target`:
    the frame that keeps data for tools. `stale_score` and `unknown_person`: status and reason with
    which a score is refused. `service_host`: where its services lie, if not where its pages do.
    `token_audience`: what an assertion must be for, if not the token's address. `login_deployment`:
    what a login calls the deployment. `has_columns`: links get one from the start.
    """

    product_family: str
    label: str = ""
    line_items: str = "/lms/services/{course}/lineitems"
    iss: str = ""
    deployments: str = "site"
    learner_roles: tuple[str, ...] = ()
    storage_target: str = ""
    stale_score: tuple[int, str] = (409, "Refusing score with an earlier timestamp")
    unknown_person: tuple[int, str] = (400, "Incorrect score received")
    has_whole_maximum: bool = False
    longest_tag: int = 255
    deletes_columns: bool = True
    service_host: str = ""
    token_audience: str = ""
    login_deployment: str = "lti_deployment_id"
    names_algorithms: bool = True
    has_columns: bool = True


MOODLE = Manners(product_family="moodle", label="Moodle 4.5")
OPEN_EDX = Manners(
    product_family="Open edX",
    label="Open edX",
    line_items="/api/lti_consumer/v1/lti/{course}/lti-ags",
    deployments="one",
    stale_score=(400, "Score already exists"),
    unknown_person=(500, "Internal Server Error"),
    has_whole_maximum=True,
    longest_tag=50,
    deletes_columns=False,
)
CANVAS = Manners(
    product_family="canvas",
    label="Canvas",
    line_items="/api/lti/courses/{course}/line_items",
    iss="https://canvas.instructure.com",
    deployments="course",
    learner_roles=(INSTITUTION + "Instructor",),
    storage_target="_parent",
    login_deployment="deployment_id",
)
# On this machine a school's own host is the other name for loopback.
BLACKBOARD = Manners(
    product_family="BlackboardLearn",
    label="Blackboard",
    line_items="/learn/api/v1/lti/courses/{course}/lineItems",
    iss="https://blackboard.com",
    service_host="localhost",
)
BRIGHTSPACE = Manners(
    product_family="desire2learn",
    label="Brightspace",
    line_items="/d2l/api/lti/ags/2.0/deployment/1/orgunit/{course}/lineitems",
    token_audience="https://api.brightspace.com/auth/token",  # noqa: S106
    names_algorithms=False,
    has_columns=False,
)
# Those that anybody can look at with `credlet demo --lms`.
ALL = {"moodle": MOODLE, "openedx": OPEN_EDX, "canvas": CANVAS}
