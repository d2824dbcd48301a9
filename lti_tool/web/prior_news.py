"""What came of prior learning, said on every page of its learner until they have read it."""

from collections.abc import Mapping, Sequence

from flask_babel import gettext

from badges.text import Text
from lti_tool.models import PriorLearningApplication
from lti_tool.services.completing import prior_learning, prior_news
from lti_tool.services.completing.prior_news import News
from lti_tool.web.launch_session import Visit
from lti_tool.web.words.sentence import N_
from lti_tool.web.words.wording import best

WORDS: Mapping[str, str] = {
    News.MORE: N_("The assessor wants more evidence for “%(unit)s”."),
    News.RECOGNISED: N_("What you can do already is recognised in “%(unit)s”."),
    News.PARTLY: N_(
        "What you can do already is recognised in part in “%(unit)s”: something is left to do."
    ),
    News.NOT_RECOGNISED: N_("What you can do already could not be recognised in “%(unit)s”."),
    News.CORRECTED: N_("An assessor has corrected a judgement in “%(unit)s”."),
}


def unread(visit: Visit) -> Sequence[PriorLearningApplication]:
    """Return what the person of a visit has not read yet, in its course."""
    person_id, course_id = visit.launch.person_id, visit.launch.course_id
    return prior_news.unread(visit.db, person_id, course_id) if course_id else ()


def words(application: PriorLearningApplication) -> str:
    """Return the sentence for what came of an application."""
    said = gettext(WORDS[str(application.news)], unit=best(unit(application)))
    is_answer = application.appealed_at is not None and application.news != News.CORRECTED
    return f"{gettext('Your appeal is decided.')} {said}" if is_answer else said


def unit(application: PriorLearningApplication) -> Text:
    return prior_learning.unit_of(application).title
