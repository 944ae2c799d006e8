"""Answers people's questions about cloud accounts, and looks into alerts, by facts and rules."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.domain.alert import AlertSource
from bot.domain.conversation import Scope
from bot.domain.evidence import EvidenceState
from bot.domain.redaction.placeholder import Seal
from bot.domain.registry import Account
from bot.ports.clock import Clock
from bot.ports.cloud import Cloud
from bot.triage.brief import TriageBrief
from bot.triage.cloud import deployed, telling
from bot.triage.cloud.alarms import about
from bot.triage.cloud.asking import CloudWish, asked
from bot.triage.cloud.collecting import Collector
from bot.triage.cloud.locating import MAX_PLACES, inventory, places_of
from bot.triage.cloud.looking import look_around, writes_around
from bot.triage.cloud.resource import Resource, ResourceKind, short_name
from bot.triage.cloud.rulebook import findings
from bot.triage.cloud.saying import (
    alarm_check,
    alarm_lines,
    error_lines,
    first_names,
    healthy_lines,
    is_beyond,
    unseen,
    which,
)
from bot.triage.cloud.sight import AlarmSight
from bot.triage.cloud.telling import Telling
from bot.triage.intent import resembling
from bot.triage.language.book import open_book
from bot.triage.quoting import quoted
from bot.triage.topology import cloud as dependencies

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bot.agent.session import Session
    from bot.domain.alert import Alert
    from bot.domain.registry import Access
    from bot.domain.verdict import Verdict
    from bot.ports.cloud import CloudPlace
    from bot.triage.cloud.asking import CloudQuestion
    from bot.triage.cloud.collecting import Taken
    from bot.triage.cloud.looking import Seen

# Resources of one question; more are asked about instead.
MAX_MEANT = 3
_KINDS = tuple(ResourceKind)


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudTriage:
    """Triage of the registry's connected accounts; without any it has nothing to say."""

    cloud: Cloud
    accounts: tuple[Account, ...]
    clock: Clock
    seal: Seal

    def answer(
        self, brief: TriageBrief, session: Session, *, complains: bool = False
    ) -> Verdict | None:
        """Return the answer to a question about a cloud account; None if it is about none.

        Who `complains` wants to know what is wrong, even of what depends on something.

        Raises:
            CancelledByPersonError: Somebody stopped the run.
            LeaseLostError: Another worker has the run.
        """
        question = asked(brief.text, self.accounts) if self.accounts else None
        if question is None:
            return None
        if complains and question.wish is CloudWish.TOPOLOGY:
            question = replace(question, wish=CloudWish.STATE)
        collector = self._collector(brief.access, session)
        told = Telling(book=open_book(question.language), taken=())
        refusal = self._refusal(told, question, brief.access)
        if refusal is not None:
            return refusal
        places = places_of(
            self.accounts, brief.access, named=question.accounts, regions=question.regions
        )
        if not places:
            return self._none_readable(told, brief.access) if question.insists else None
        if len(places) > MAX_PLACES:
            return telling.open_(told, [(which(told, places), ())])
        return self._among(question, places, collector)

    def investigate(
        self, alert: Alert, *, access: Access, session: Session, language: str = "en"
    ) -> Verdict | None:
        """Return the verdict on an alert about cloud resources; None if it names none.

        Raises:
            CancelledByPersonError: Somebody stopped the run.
            LeaseLostError: Another worker has the run.
        """
        if not self._is_ours(alert):
            return None
        if alert.source is AlertSource.PERSON and alert.scope.account is None:
            brief = TriageBrief(
                text=alert.text or alert.name, scope=Scope(clusters=()), access=access
            )
            answer = self.answer(brief, session, complains=True)
            if answer is not None:
                return answer
        told = Telling(book=open_book(language), taken=())
        account = self._account(alert.scope.account)
        if account is None or not access.may_read_account(account.name):
            named = quoted(alert.scope.account or "-")
            readable = self._readable(access)
            return telling.open_(
                told, [(told.book.say("aws_no_account", name=named, granted=readable), ())]
            )
        regions = [alert.scope.region] if alert.scope.region in account.regions else []
        places = places_of([account], access, named=(), regions=regions)
        if alert.scope.region and not regions:
            said = told.book.say(
                "aws_no_region",
                name=quoted(alert.scope.region),
                object=account.name,
                granted=", ".join(account.regions),
            )
            return telling.open_(told, [(said, ())])
        collector = self._collector(access, session)
        meant = self._of_alert(alert, places, collector)
        if not meant and alert.source is AlertSource.PERSON:
            known = inventory(collector, places, _KINDS)
            meant = known.named(alert.text or alert.name)[:MAX_MEANT]
            if not meant and alert.scope.namespace is None:
                return self._unnamed(told, known.resources, places)
        if not meant:
            return None
        seen = look_around(collector, meant)
        return self._judge(seen, collector, told.book.code, at=alert.starts_at)

    def _collector(self, access: Access, session: Session) -> Collector:
        return Collector(
            cloud=self.cloud,
            accounts=self.accounts,
            access=access,
            session=session,
            clock=self.clock,
            seal=self.seal,
        )

    def _among(
        self, question: CloudQuestion, places: Sequence[CloudPlace], collector: Collector
    ) -> Verdict | None:
        kinds = question.kinds or _KINDS
        if question.wish is CloudWish.REAL:
            kinds = frozenset({ResourceKind.ALARM})
        known = inventory(collector, places, kinds)
        meant = known.named(question.text)
        told = Telling(book=open_book(question.language), taken=collector.taken)
        if not meant and question.wish is CloudWish.DEPLOYED and question.insists:
            return deployed.told(collector, told, question, places=places, meant=())
        if not meant:
            meant = self._guessed(question, places, known.taken)
        if not meant:
            return self._nobody(told, question, known.resources, places)
        if len(meant) > MAX_MEANT:
            where = [f"`{quoted(one.name)}` ({one.place.title})" for one in meant]
            said = told.book.say("aws_several", objects=", ".join(where[: 2 * MAX_MEANT]))
            labels = tuple(one.label for one in known.taken if one.answered)
            return telling.open_(told, [(said, labels)])
        if question.wish is CloudWish.DEPLOYED:
            return deployed.told(collector, told, question, places=places, meant=meant)
        if question.wish is CloudWish.TOPOLOGY:
            return dependencies.told(collector, told, question.direction, meant)
        seen = look_around(collector, meant)
        wants_errors = question.wish is CloudWish.ERRORS
        return self._judge(seen, collector, question.language, wants_errors=wants_errors)

    def _guessed(
        self, question: CloudQuestion, places: Sequence[CloudPlace], lists: Sequence[Taken]
    ) -> list[Resource]:
        """Return what may be meant where a list was refused or cut: asked for by its very name."""
        unsure = any(not one.answered or one.state is EvidenceState.TRUNCATED for one in lists)
        kinds = [
            kind
            for kind in (ResourceKind.FUNCTION, ResourceKind.DATABASE, ResourceKind.ALARM)
            if kind in question.kinds
        ]
        if not unsure or not kinds or not question.near:
            return []
        return [
            Resource(place=place, kind=kinds[0], name=question.near[0])
            for place in places[:MAX_MEANT]
        ]

    def _judge(
        self,
        seen: Seen,
        collector: Collector,
        language: str,
        *,
        at: datetime | None = None,
        wants_errors: bool = False,
    ) -> Verdict:
        found = findings(seen.sights, ())
        onset = next((one.since for one in found if one.since is not None), at)
        if found and onset is not None and not all(one.symptom for one in found):
            places = [one.resource.place.title for one in found[:1]]
            found = findings(seen.sights, writes_around(collector, places, onset))
        told = Telling(book=open_book(language), taken=collector.taken)
        before = [line for one in seen.sights if isinstance(one, AlarmSight) for line in
                  alarm_lines(told, one)]  # fmt: skip
        if wants_errors:
            before += error_lines(told, seen)
        now = [one for one in found if not one.over]
        if now:
            return telling.faults(told, [*now, *(one for one in found if one.over)], before)
        if not seen.sights:
            return unseen(told, seen)
        target = _target(seen)
        whole = all(one.whole for one in seen.sights) and not seen.unseen
        blind = [one for one in collector.taken if not one.answered]
        if found and whole and not blind:
            return telling.recovered(told, found, before)
        alarm = next((one for one in seen.sights if isinstance(one, AlarmSight)), None)
        if alarm is not None and alarm.state == "ALARM" and is_beyond(alarm):
            said = told.book.say("aws_unexplained", object=quoted(alarm.resource.name))
            return telling.open_(
                told, [*before, (said, (alarm.label,))], alarm_check(alarm), target=target
            )
        lines = [*before, *healthy_lines(told, seen, whole=whole and not blind)]
        return telling.healthy(told, lines, target, whole=whole and not blind)

    def _of_alert(
        self, alert: Alert, places: Sequence[CloudPlace], collector: Collector
    ) -> list[Resource]:
        """Return what an alert is about: its alarm, and the objects it names itself."""
        found: list[Resource] = []
        place = places[0]
        if alert.source is AlertSource.CLOUDWATCH:
            found.append(Resource(place=place, kind=ResourceKind.ALARM, name=alert.name))
        wanted = {one.value for one in ResourceKind}
        objects = [one for one in alert.scope.objects if one.kind in wanted]
        for one in objects:
            kind = ResourceKind(one.kind)
            cluster, _, name = one.name.rpartition("/")
            name = short_name(name or one.name)
            found.append(Resource(place=place, kind=kind, name=name, cluster=cluster))
        by_label = about(dict(alert.labels), place)
        if by_label is not None and not any(one.key == by_label.key for one in found):
            found.append(by_label)
        return self._clustered(found, collector)

    def _clustered(self, found: Sequence[Resource], collector: Collector) -> list[Resource]:
        """Return the same with the cluster of each service that came without."""
        told = []
        for one in found:
            if one.kind is ResourceKind.SERVICE and not one.cluster:
                known = inventory(collector, [one.place], [ResourceKind.SERVICE])
                told += [each for each in known.resources if each.name == one.name][:1]
            else:
                told.append(one)
        return told

    def _is_ours(self, alert: Alert) -> bool:
        kinds = {one.value for one in ResourceKind}
        if not self.accounts:
            return False
        if alert.source is AlertSource.PERSON and self._is_told_of(alert):
            return True
        if alert.scope.cluster is not None:
            return False
        return (
            alert.source is AlertSource.CLOUDWATCH
            or alert.scope.account is not None
            or any(one.kind in kinds for one in alert.scope.objects)
        )

    def _is_told_of(self, alert: Alert) -> bool:
        """Tell whether a person's words can be about nothing but an account."""
        question = asked(alert.text or alert.name, self.accounts)
        return question is not None and question.insists

    def _unnamed(
        self, told: Telling, known: Sequence[Resource], places: Sequence[CloudPlace]
    ) -> Verdict:
        """Return that a person named an account and nothing in it."""
        where = ", ".join(place.title for place in places)
        names = first_names(list(dict.fromkeys(one.name for one in known)))
        return telling.open_(told, [(told.book.say("aws_name_it", scope=where, objects=names), ())])

    def _account(self, named: str | None) -> Account | None:
        """Return the account an alert names; the only one there is, where it names none."""
        if named is None:
            return self.accounts[0] if len(self.accounts) == 1 else None
        folded = named.casefold()
        for one in self.accounts:
            if folded in {each.casefold() for each in (one.name, one.account_id, *one.aliases)}:
                return one
        return None

    def _refusal(self, told: Telling, question: CloudQuestion, access: Access) -> Verdict | None:
        """Return that a named account is not known, or not the asker's."""
        denied = [name for name in question.accounts if not access.may_read_account(name)]
        if question.account_said or denied:
            name = quoted(question.account_said or denied[0])
            said = told.book.say("aws_no_account", name=name, granted=self._readable(access))
            return telling.open_(told, [(said, ())])
        return None

    def _none_readable(self, told: Telling, access: Access) -> Verdict:
        said = told.book.say("aws_none_readable", granted=self._readable(access))
        return telling.open_(told, [(said, ())])

    def _readable(self, access: Access) -> str:
        names = [one.name for one in self.accounts if access.may_read_account(one.name)]
        return ", ".join(names) or "-"

    def _nobody(
        self,
        told: Telling,
        question: CloudQuestion,
        known: Sequence[Resource],
        places: Sequence[CloudPlace],
    ) -> Verdict | None:
        """Return that nothing has that name, or that the lists could not be read."""
        if not question.insists:
            return None
        where = ", ".join(place.title for place in places)
        labels = tuple(one.label for one in told.taken)
        if told.taken and not any(one.answered for one in told.taken):
            body = told.taken[0].evidence.observation.body
            said = told.book.say("aws_blind", scope=where, reason=quoted(body))
            return telling.open_(told, [(said, labels)], "nightdesk doctor")
        names = list(dict.fromkeys(one.name for one in known))
        word = question.near[0] if question.near else ""
        if not word:
            said = told.book.say("aws_name_it", scope=where, objects=first_names(names))
            return telling.open_(told, [(said, labels)])
        said = told.book.say("aws_absent", name=quoted(word), scope=where)
        closest = resembling(word, names)
        if closest:
            said += f" {told.book.say('closest', name=quoted(closest))}"
        return telling.open_(told, [(said, labels)])


def _target(seen: Seen) -> Resource | None:
    """Return what was asked about, with its ARN; of an alarm, the one resource it is about."""
    if len(seen.asked) != 1:
        return None
    about = [one.resource for one in seen.sights if not isinstance(one, AlarmSight)]
    if seen.asked[0].kind is ResourceKind.ALARM and len(about) == 1:
        return about[0]
    own = (one.resource for one in seen.sights if one.resource.key == seen.asked[0].key)
    return next(own, seen.asked[0])
