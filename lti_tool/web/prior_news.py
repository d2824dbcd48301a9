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
    News.TAKEN_BACK: N_("A teacher has taken back what was recognised in “%(unit)s”."),
    News.FILES_DELETED: N_(
        "The files of your draft for “%(unit)s” were deleted, because you did not change it for "
        "so long."
    ),
}
_NO_ANSWERS = (News.CORRECTED, News.TAKEN_BACK, News.FILES_DELETED)


def unread(visit: Visit) -> Sequence[PriorLearningApplication]:
    """Return what the person of a visit has not read yet, and can read in it."""
    launch = visit.launch
    if launch.link_id is None or launch.course_id is None or launch.link.placement is None:
        return ()
    version_id = launch.link.placement.version_id
    return prior_news.unread(visit.db, launch.person_id, launch.course_id, version_id)


def words(application: PriorLearningApplication) -> str:
    """Return the sentence for what came of an application."""
    said = gettext(WORDS[str(application.news)], unit=best(unit(application)))
    is_answer = application.appealed_at is not None and application.news not in _NO_ANSWERS
    return f"{gettext('Your appeal is decided.')} {said}" if is_answer else said


def unit(application: PriorLearningApplication) -> Text:
    return prior_learning.unit_of(application).title
