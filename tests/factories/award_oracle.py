"""Which awards must stand after a history: worked out by hand, apart from `badges.completion`.

Knows no database and no services. Everything is worked out anew from all facts after each act.
"""

from dataclasses import dataclass, field

from badges.completion import Route
from badges.micro_credential import LearningUnit
from badges.rules import EachPartAtLeast, PointsAtLeast, SignOff, SignOffs
from lti_tool.lti.moodle_web_services import State
from tests.factories.histories import (
    ASSESSORS,
    LEARNERS,
    SHORT,
    WISHES,
    Act,
    Activity,
    Ask,
    Awards,
    ChooseRoute,
    Confirm,
    Decide,
    Grade,
    Launch,
    Mark,
    Retract,
    Role,
    Standing,
)


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that was recorded by act number `at`."""

    at: int
    who: str
    course: str
    mc: str
    unit: str
    route: Route
    by: str | None = None
    part: str | None = None
    points: int | None = None


Marks = dict[str, tuple[Route, int | None, int]]
"""What an award states: of each unit how it was completed first, its mark by that route, and the
act that completed it."""


@dataclass(slots=True)
class Oracle:
    """`told(number, act)` says what must happen; `awards` what must stand then."""

    facts: list[Fact] = field(default_factory=list)
    undone: dict[int, int] = field(default_factory=dict)  # act of the fact -> act of the undoing
    awards: Awards = field(default_factory=dict)
    kept_back: bool = False  # somebody had enough, and for no course all that it asked for
    _forms: dict[tuple[str, str], int] = field(default_factory=dict)
    _led_to: dict[int, int] = field(default_factory=dict)  # act -> act of the fact it stands for
    _testers: set[tuple[str, str]] = field(default_factory=set)
    _launched: set[tuple[str, str, str]] = field(default_factory=set)
    _routes: dict[tuple[str, str], Route] = field(default_factory=dict)
    _wishes: dict[tuple[str, str], int] = field(default_factory=dict)
    _graded: dict[tuple[str, str, str], int | None] = field(default_factory=dict)
    _passed: dict[tuple[str, str, str], State] = field(default_factory=dict)
    _kept: dict[tuple[str, str, bool], int] = field(default_factory=dict)
    _revoked: dict[tuple[str, str, bool], int] = field(default_factory=dict)
    _stated: dict[tuple[str, str, bool], Marks] = field(default_factory=dict)

    def told(self, number: int, act: Act) -> bool:
        """Return whether the act must be done (else: refused)."""
        match act:
            case Launch():
                is_done = self._launch(number, act)
            case Mark():
                is_done = self._mark(number, act)
            case Confirm():
                is_done = self._confirm(number, act)
            case Grade():
                is_done = self._grade(number, act)
            case Activity():
                is_done = self._activity(number, act)
            case Retract():
                is_done = self._retract(number, act)
            case ChooseRoute():
                is_done = self._choose(act)
            case Ask():
                self._wishes[act.course, act.mc] = act.wish
                is_done = True
            case Decide():
                is_done = self._decide(number, act)
        self._judge_everybody()
        return is_done

    def _launch(self, number: int, act: Launch) -> bool:
        self._launched.add((act.who, act.course, act.unit))
        if act.role in (Role.TEACHER, Role.TEST_USER):
            self._testers.add((act.who, act.course))
        is_unlocked = self._routes.get((act.course, act.unit)) is Route.UNLOCKED
        if is_unlocked and act.role is not Role.TEACHER:
            place = (act.who, act.course, act.unit, Route.UNLOCKED)
            if not any(_place(fact) == place for fact in self.facts):
                self._add(number, act, Route.UNLOCKED)
        return True

    def _mark(self, number: int, act: Mark) -> bool:
        if (act.who, act.key) in self._forms:
            self._led_to[number] = self._forms[act.who, act.key]
            return True
        rule = _unit(act.mc, act.unit).rule
        if isinstance(rule, PointsAtLeast | EachPartAtLeast) and (
            act.points is None or not 0 <= act.points <= rule.maximum
        ):
            return False
        self._forms[act.who, act.key] = number
        self._add(number, act, Route.ASSESSED, by=act.by, part=act.part, points=act.points)
        return True

    def _confirm(self, number: int, act: Confirm) -> bool:
        if (act.who, act.course, act.unit) not in self._launched:
            return False
        if not _unit(act.mc, act.unit).allows_participation:
            return False
        place = (act.who, act.course, act.unit, Route.PARTICIPATION)
        standing = [fact for fact in self._standing() if _place(fact) == place]
        if standing:
            self._led_to[number] = standing[0].at
        else:
            self._add(number, act, Route.PARTICIPATION)
        return True

    def _grade(self, number: int, act: Grade) -> bool:
        """The same grade again is no news; one that is enough is a record beside earlier ones."""
        place = (act.who, act.course, act.unit)
        is_news = self._graded.get(place) != act.percent
        self._graded[place] = act.percent
        rule, percent = _unit(act.mc, act.unit).rule, act.percent or 0
        is_enough = (isinstance(rule, SignOff) and percent == 100) or (
            isinstance(rule, PointsAtLeast) and percent * rule.maximum >= rule.minimum * 100
        )
        if is_news and is_enough:
            points = int(percent * rule.maximum / 100) if isinstance(rule, PointsAtLeast) else None
            self._add(number, act, Route.GRADED, points=points)
        self._stand_for_last(number, act, Route.GRADED)
        return True

    def _activity(self, number: int, act: Activity) -> bool:
        """Passing is a record, unless one stands; taken back, it needs to be told anew."""
        place = (act.who, act.course, act.unit)
        is_news = self._passed.get(place) is not act.state
        self._passed[place] = act.state
        there = (*place, Route.LMS_ACTIVITY)
        stands = any(_place(fact) == there for fact in self._standing())
        if is_news and act.state is State.PASSED and not stands:
            self._add(number, act, Route.LMS_ACTIVITY)
        self._stand_for_last(number, act, Route.LMS_ACTIVITY)
        return True

    def _stand_for_last(self, number: int, act: Grade | Activity, route: Route) -> None:
        there = (act.who, act.course, act.unit, route)
        if facts := [fact for fact in self.facts if _place(fact) == there]:
            self._led_to[number] = facts[-1].at

    def _retract(self, number: int, act: Retract) -> bool:
        target = self._led_to.get(act.of)
        fact = next((fact for fact in self.facts if fact.at == target), None)
        if fact is None or fact.course != act.course:
            return False
        self.undone.setdefault(fact.at, number)
        return True

    def _choose(self, act: ChooseRoute) -> bool:
        if act.route is Route.PARTICIPATION and not _unit(act.mc, act.unit).allows_participation:
            return False
        self._routes[act.course, act.unit] = act.route
        return True

    def _decide(self, number: int, act: Decide) -> bool:
        key = (act.who, act.mc, act.is_test)
        award = self.awards.get(key)
        if award is None:
            return False
        if act.what == "keep":
            if not award.is_flagged:
                return False
            self._kept[key] = number
            self.awards[key] = Standing(award.is_claimed, False)
        elif act.what == "revoke":
            self._revoked[key] = number
            self._kept.pop(key, None)
            del self.awards[key]
        else:
            self.awards[key] = Standing(True, award.is_flagged)
        return True

    def _add(
        self,
        number: int,
        act: Launch | Mark | Confirm | Grade | Activity,
        route: Route,
        *,
        by: str | None = None,
        part: str | None = None,
        points: int | None = None,
    ) -> None:
        fact = Fact(number, act.who, act.course, act.mc, act.unit, route, by, part, points)
        self.facts.append(fact)
        if not isinstance(act, Launch):
            self._led_to[number] = number

    def _standing(self) -> list[Fact]:
        return [fact for fact in self.facts if fact.at not in self.undone]

    def _judge_everybody(self) -> None:
        for who in {*LEARNERS, *ASSESSORS}:
            for mc in SHORT:
                own = [f for f in self._standing() if (f.who, f.mc) == (who, mc)]
                real = [f for f in own if (who, f.course) not in self._testers]
                is_real = _is_enough(mc, _units_done(mc, real))
                self._judge((who, mc, False), real, is_complete=is_real)
                is_tried = not is_real and _is_enough(mc, _units_done(mc, own))
                self._judge((who, mc, True), own, is_complete=is_tried)

    def _judge(self, key: tuple[str, str, bool], facts: list[Fact], *, is_complete: bool) -> None:
        award = self.awards.get(key)
        if award is not None and is_complete and self._is_borne(key, facts):
            self.awards[key] = Standing(award.is_claimed, is_flagged=False)
        elif award is not None and not self._was_kept(key):
            if award.is_claimed:
                self.awards[key] = Standing(is_claimed=True, is_flagged=True)
            else:
                del self.awards[key]
        is_wished = key[2] or self._fulfils_a_wish(key[1], facts)
        self.kept_back = self.kept_back or (is_complete and not is_wished)
        may_be = is_wished and self._may_be_granted(key)
        if is_complete and key not in self.awards and may_be:
            self.awards[key] = Standing(is_claimed=False, is_flagged=False)
            self._stated[key] = _marks(key[1], facts)

    def _fulfils_a_wish(self, mc: str, facts: list[Fact]) -> bool:
        """Whether one of the courses with a result that is enough by itself, or one of several
        that are, asks for no more than what is done."""
        done = _units_done(mc, facts)
        courses = {f.course for f in facts if f.unit in done and _counts(_unit(mc, f.unit), f)}
        return any(self._is_wished(course, mc, done) for course in courses)

    def _is_wished(self, course: str, mc: str, done: set[str]) -> bool:
        wish = WISHES[self._wishes.get((course, mc), 0)]
        counts = {
            position: len(done & {*choice.units})
            for position, choice in enumerate(SHORT[mc].choices)
        }
        return wish.needed <= done and all(counts[p] >= n for p, n in wish.counts.items())

    def _is_borne(self, key: tuple[str, str, bool], facts: list[Fact]) -> bool:
        """Whether what the award states is still so, or better."""
        _, mc, _ = key
        now = _marks(mc, facts)
        for unit, (route, mark, at) in self._stated[key].items():
            best = _mark_by(route, _unit(mc, unit), facts)
            if unit not in now or (mark is not None and (best is None or best < mark)):
                return False
            if not self.awards[key].is_claimed and now[unit][2] > at:
                return False  # nothing is signed yet, so it is granted anew with the true day
        return True

    def _may_be_granted(self, key: tuple[str, str, bool]) -> bool:
        who, mc, _ = key
        revoked = self._revoked.get(key, -1)
        judged = [f.at for f in self.facts if (f.who, f.mc) == (who, mc) and f.by]
        return revoked < 0 or any(at > revoked for at in judged)

    def _was_kept(self, key: tuple[str, str, bool]) -> bool:
        """A person said that it stands, and nothing was recorded since."""
        who, mc, _ = key
        own = [fact.at for fact in self.facts if (fact.who, fact.mc) == (who, mc)]
        news = own + [undoing for fact, undoing in self.undone.items() if fact in own]
        return key in self._kept and max(news, default=-1) < self._kept[key]


def _place(fact: Fact) -> tuple[str, str, str, Route]:
    return fact.who, fact.course, fact.unit, fact.route


def _unit(mc: str, code: str) -> LearningUnit:
    return next(unit for unit in SHORT[mc].units if unit.code == code)


def _units_done(mc: str, facts: list[Fact]) -> set[str]:
    done = set()
    for unit in SHORT[mc].units:
        own = [fact for fact in facts if fact.unit == unit.code]
        without_assessment = [fact for fact in own if fact.route is not Route.ASSESSED]
        if without_assessment or _is_met(unit, own):
            done.add(unit.code)
    return done


def _counts(unit: LearningUnit, fact: Fact) -> bool:
    """Whether a fact is not one that the rule takes no notice of: too few points."""
    if fact.route is Route.ASSESSED and isinstance(unit.rule, PointsAtLeast | EachPartAtLeast):
        return fact.points is not None and fact.points >= unit.rule.minimum
    return True


def _is_enough(mc: str, done: set[str]) -> bool:
    needed = {unit.code for unit in SHORT[mc].units}
    for choice in SHORT[mc].choices:
        needed -= {*choice.units}
        if len(done & {*choice.units}) < choice.count:
            return False
    return needed <= done


def _marks(mc: str, facts: list[Fact]) -> Marks:
    """Return what an award of these facts states: of several routes the first counts."""
    found: Marks = {}
    for code in _units_done(mc, facts):
        unit = _unit(mc, code)
        until = sorted((fact for fact in facts if fact.unit == code), key=lambda fact: fact.at)
        number = next(n for n in range(1, len(until) + 1) if _units_done(mc, until[:n]))
        completing = until[number - 1]
        found[code] = completing.route, _mark_by(completing.route, unit, facts), completing.at
    return found


def _mark_by(route: Route, unit: LearningUnit, facts: list[Fact]) -> int | None:
    own = [fact for fact in facts if (fact.unit, fact.route) == (unit.code, route)]
    if isinstance(unit.rule, SignOff | SignOffs) or route not in (Route.ASSESSED, Route.GRADED):
        return None
    if route is Route.ASSESSED and not _is_met(unit, own):
        return None
    best: dict[str | None, int] = {}
    for fact in own:
        best[fact.part] = max(fact.points or 0, best.get(fact.part, 0))
    return min(best.values(), default=None)


def _is_met(unit: LearningUnit, facts: list[Fact]) -> bool:
    match unit.rule:
        case PointsAtLeast(minimum=minimum):
            return any(fact.points is not None and fact.points >= minimum for fact in facts)
        case EachPartAtLeast(parts=parts, minimum=minimum):
            enough = {f.part for f in facts if f.points is not None and f.points >= minimum}
            return {part.code for part in parts} <= enough
        case SignOff():
            return bool(facts)
        case SignOffs(count=count):
            return len({fact.by for fact in facts}) >= count
