"""In what an LMS differs from others: which one the demo LMS plays.

Each deviation is one that was seen; `lti_tool.lti.quirks` names them and says what the tool does.
"""

from dataclasses import dataclass

INSTITUTION = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """`line_items`: path of a course's columns. `iss`: what it calls itself, if not its address.

    `deployments`: "site" (one for each tool), "one" (always "1") or "course". `learner_roles`: what
    learners are called beside it. `storage_target`: the frame that keeps data for tools.
    `stale_score` and `unknown_person`: status and reason with which a score is refused.
    """

    product_family: str
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


MOODLE = Manners(product_family="moodle")
OPEN_EDX = Manners(
    product_family="Open edX",
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
    line_items="/api/lti/courses/{course}/line_items",
    iss="https://canvas.instructure.com",
    deployments="course",
    learner_roles=(INSTITUTION + "Instructor",),
    storage_target="_parent",
)
ALL = {"moodle": MOODLE, "openedx": OPEN_EDX, "canvas": CANVAS}
