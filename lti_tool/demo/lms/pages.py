"""What people see: sign-in, course, link in its frame, quiz, gradebook, adding a link."""

import re

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from . import copies, visits
from .gradebook import number
from .records import Course, LineItem, Quiz, Role, User
from .visits import find_course, find_link, lms, member, signed_in, visit

bp = Blueprint("pages", __name__, url_prefix="/lms")

REFUSALS = (400, 403, 404)
PHONE = re.compile(r"Mobi|Android|iPhone|iPad")
CUSTOM_LINE = re.compile(r"\s*([^=\s][^=]*?)\s*=\s*(.*?)\s*")


@bp.before_request
def guard_forms() -> None:
    if request.method == "POST":
        visits.check_form()


@bp.context_processor
def shared() -> dict[str, object]:
    return {"lms_name": lms().config.name, "visit": visit(), "Role": Role}


def refusal(error: HTTPException) -> tuple[str, int]:
    """A plain page that says what is refused; also for what the tool did wrong in a launch."""
    status = error.code or 500
    page = render_template(
        "refused.html", error=error, visit=visit(), lms_name=lms().config.name, Role=Role
    )
    return page, status


@bp.get("/")
def home() -> str:
    _, user = signed_in()
    courses = [course for course in lms().courses() if lms().role(user, course)]
    return render_template(
        "home.html", courses=courses, is_admin=lms().is_admin(user), tools=lms().tools()
    )


@bp.route("/login", methods=["GET", "POST"])
def login() -> str | Response:
    if request.method == "GET":
        return render_template("login.html", people=_people(), next=request.args.get("next", ""))
    try:
        visits.sign_in(lms().user(request.form.get("user", "")))
    except KeyError:
        abort(400)
    onward = request.form.get("next", "")
    return redirect(onward if onward.startswith("/lms/") else url_for("pages.home"), 303)


def _people() -> list[tuple[str, list[User]]]:
    """Return (heading, users) for teachers, learners and, where there are any, administrators."""
    groups = {"Teachers": Role.TEACHER, "Learners": Role.LEARNER}
    people = [
        (heading, [user for user in lms().users() if role in _roles(user)])
        for heading, role in groups.items()
    ]
    admins = [user for user in lms().users() if lms().is_admin(user)]
    return [*people, ("Administrators", admins)] if admins else people


def _roles(user: User) -> set[Role | None]:
    return {lms().role(user, course) for course in lms().courses()}


@bp.post("/logout")
def logout() -> Response:
    visits.sign_out()
    return redirect(url_for("pages.login"), 303)


@bp.get("/course/<course_id>")
def course(course_id: str) -> str:
    found = find_course(course_id)
    current, user, role = member(found)
    links = [
        (link, lms().can_open(user, link, role), _restriction(link.restricted_by))
        for link in lms().links(found)
    ]
    quizzes = [(quiz, lms().has_passed(user, quiz)) for quiz in lms().quizzes(found)]
    return render_template(
        "course.html",
        course=found,
        role=role,
        is_switched=found.id in current.as_learner,
        is_phone=_is_phone(),
        links=links,
        quizzes=quizzes,
    )


def _restriction(quiz_id: str | None) -> Quiz | None:
    return lms().quiz(quiz_id) if quiz_id else None


def _is_phone() -> bool:
    return bool(PHONE.search(request.headers.get("User-Agent", "")))


@bp.post("/course/<course_id>/switch-role")
def switch_role(course_id: str) -> Response:
    """See the course as a learner does; launches then carry a learner's role."""
    found = find_course(course_id)
    _, user, _ = member(found)
    if lms().role(user, found) is not Role.TEACHER:
        abort(403)
    visits.switch_role(found, to_learner=request.form.get("to") == "learner")
    return redirect(url_for("pages.course", course_id=found.id), 303)


@bp.post("/course/<course_id>/copy")
def copy_course(course_id: str) -> Response:
    """Copy a course with its activities and people, and go to the copy."""
    found = find_course(course_id)
    visits.teacher(found)
    made = copies.copy(lms(), found)
    return redirect(url_for("pages.course", course_id=made.id), 303)


@bp.get("/privacy/<client_id>")
def privacy(client_id: str) -> str:
    """What a tool keeps about the person, or about whom an administrator chose, in a frame."""
    _, user = signed_in()
    tool = lms().tool(client_id)
    if tool is None:
        abort(404)
    people = lms().users() if lms().is_admin(user) else ()
    about = request.args.get("user", user.id)
    return render_template("privacy.html", tool=tool, people=people, about=about)


@bp.get("/link/<link_id>")
def link(link_id: str) -> tuple[str, int]:
    """The link in a frame as high as the window leaves room, or the reason why it is closed."""
    found, its_course = find_link(link_id)
    _, user, role = member(its_course)
    if not lms().can_open(user, found, role):
        quiz = _restriction(found.restricted_by)
        page = render_template("restricted.html", link=found, course=its_course, quiz=quiz)
        return page, 403
    keeper = lms().config.storage_target
    page = render_template(
        "link.html", link=found, course=its_course, is_phone=_is_phone(), keeper=keeper
    )
    return page, 200


@bp.get("/storage")
def storage() -> str:
    """What keeps values for tools, in a frame beside theirs."""
    return render_template("storage.html")


@bp.get("/return/<link_id>")
def come_back(link_id: str) -> str:
    """Where a tool sends people back to (LTI Core 1.3, 5.4.4 `return_url`), with its message."""
    found, its_course = find_link(link_id)
    message = request.args.get("lti_errormsg") or request.args.get("lti_msg", "")
    return render_template("return.html", link=found, course=its_course, message=message)


@bp.get("/return/course/<course_id>")
def come_back_to_course(course_id: str) -> Response:
    """Where a tool sends people back to that were to select content."""
    return redirect(url_for("pages.course", course_id=find_course(course_id).id), 303)


@bp.route("/quiz/<quiz_id>", methods=["GET", "POST"])
def quiz(quiz_id: str) -> str | Response:
    """The LMS's own quiz: one question, any number of tries."""
    found, its_course = _find_quiz(quiz_id)
    _, user, _ = member(its_course)
    is_wrong = False
    if request.method == "POST":
        if request.form.get("answer") == str(found.right):
            lms().pass_quiz(user, found)
            return redirect(url_for("pages.quiz", quiz_id=found.id), 303)
        is_wrong = True
        if lms().quiz_grade(user, found) is None:
            lms().grade_quiz(user, found, 0)
    has_passed = lms().has_passed(user, found)
    return render_template(
        "quiz.html", quiz=found, course=its_course, has_passed=has_passed, is_wrong=is_wrong
    )


def _find_quiz(quiz_id: str) -> tuple[Quiz, Course]:
    try:
        found = lms().quiz(quiz_id)
    except KeyError:
        abort(404)
    return found, lms().course(found.course_id)


@bp.get("/course/<course_id>/grades")
def grades(course_id: str) -> str:
    """Teachers see everybody's grades, learners their own."""
    found = find_course(course_id)
    _, user, role = member(found)
    learners = lms().learners(found) if role is Role.TEACHER else (user,)
    items = lms().gradebook.items(found.id)
    rows = [(each, [lms().gradebook.grade(item, each.id) for item in items]) for each in learners]
    passed = {
        each.id: [lms().has_passed(each, quiz) for quiz in lms().quizzes(found)]
        for each in learners
    }
    return render_template(
        "grades.html",
        course=found,
        items=items,
        rows=rows,
        quizzes=lms().quizzes(found),
        passed=passed,
        role=role,
    )


@bp.post("/course/<course_id>/grades")
def enter_grades(course_id: str) -> str | Response | tuple[str, int]:
    """A teacher types grades over what tools sent; an emptied field lifts what was typed."""
    found = find_course(course_id)
    visits.teacher(found)
    for item in lms().gradebook.items(found.id):
        for learner in lms().learners(found):
            _enter_grade(item, learner, request.form.get(f"{item.id}-{learner.id}", "").strip())
    return redirect(url_for("pages.grades", course_id=found.id), 303)


def _enter_grade(item: LineItem, learner: User, typed: str) -> None:
    grade = lms().gradebook.grade(item, learner.id)
    score = number(typed.replace(",", "."))
    if typed and score is None:
        abort(400, f"“{typed}” is not a number.")
    if score is not None:
        score = min(max(score, 0.0), item.maximum)
    if score != (grade.overridden if grade else None):
        lms().gradebook.override(item, learner.id, score, lms().config.clock())


@bp.route("/course/<course_id>/add", methods=["GET", "POST"])
def add_link(course_id: str) -> str | Response | tuple[str, int]:
    """A teacher adds a link to a tool: title, custom parameters, restriction, column."""
    found = find_course(course_id)
    visits.teacher(found)
    problems = _add_link(found) if request.method == "POST" else []
    if request.method == "POST" and not problems:
        return redirect(url_for("pages.course", course_id=found.id), 303)
    page = render_template(
        "add.html",
        course=found,
        quizzes=lms().quizzes(found),
        tools=lms().offered_tools(),
        problems=problems,
        form=request.form,
    )
    return page, 400 if problems else 200


def _add_link(its_course: Course) -> list[str]:
    """Add the link the form describes, or return what is wrong with it."""
    form = request.form
    custom, problems = _custom(form.get("custom", ""))
    title = form.get("title", "").strip()
    if not title:
        problems.insert(0, "Write a title: it is what people see in the course.")
    tool = lms().tool(form.get("tool", ""))
    if tool is None or tool not in lms().offered_tools():
        problems.append("Choose a tool. If there is none, register one first.")
    closed_by = [quiz for quiz in lms().quizzes(its_course) if quiz.id == form.get("restricted_by")]
    if not problems and tool:
        lms().add_link(
            its_course,
            title,
            custom,
            gradable="gradable" in form,
            restricted_by=closed_by[0] if closed_by else None,
            client_id=tool.client_id,
        )
    return problems


def _custom(text: str) -> tuple[dict[str, str], list[str]]:
    """Read `name=value` lines."""
    found: dict[str, str] = {}
    problems = []
    for line in filter(str.strip, text.splitlines()):
        match = CUSTOM_LINE.fullmatch(line)
        if match:
            found[match[1]] = match[2]
        else:
            problems.append(f"“{line.strip()}” is not of the form name=value.")
    return found, problems
