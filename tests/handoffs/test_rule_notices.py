"""A version of the rules waits for people: who is told of it, by which ways, and until when the message is wanted."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext

from handoffs import claiming, outbox, rule_signatures, rule_versions, timeline
from handoffs.models import Delivery, Notice, Preference
from handoffs.rule_access import SIGNS, signers, signs_for
from routing.drafts import mark_edited
from routing.models import Role, RoleCode, RuleSet, User
from tests.factories import NOW, Company, DelegationFactory, RepFactory, RoleFactory, UserFactory, company
from tests.fakes.fixtures import Fake
from tests.handoffs.versions import change, sign, signed, submit

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def firm() -> Company:
    return company()


@pytest.fixture
def author(firm: Company) -> User:
    return UserFactory.create(first_name="Rui", last_name="Costa", email="rui@fathomline.example", groups=["revops"])


@pytest.fixture
def draft(firm: Company, author: User) -> RuleSet:
    begun = rule_versions.begin(based_on=firm.rule_set, title="Sooner for the smaller", by=author, now=NOW)
    change(begun, "R-220", target_minutes=90)
    return begun


def told(title: str) -> set[str]:
    """Who has a notice whose title contains this, by the local part of the address."""
    return {one.user.email.partition("@")[0] for one in Notice.objects.filter(title__contains=title)}


def ask_for_changes(version: RuleSet, by: User) -> None:
    version.refresh_from_db()
    seen = version.content_hash
    rule_versions.ask_for_changes(version, comment="Too slow.", seen_hash=seen, by=by, now=NOW, signed_at=NOW)


def deliver() -> dict[str, Delivery]:
    """Sends all that is due; the rows by recipient."""
    for row in claiming.claim_due(Delivery, now=NOW, real_now=NOW, limit=50):
        outbox.attempt(row, now=NOW)
    return {row.recipient: row for row in Delivery.objects.all()}


# --- Who is told ------------------------------------------------------------------------------------


def test_those_who_can_sign_a_submitted_version_are_told_and_nobody_else(firm: Company, draft: RuleSet, author: User):
    submit(draft, author)
    assert told("Version 2 of the rules waits for your signature") == {"ben", "clara", "elena"}
    notice = Notice.objects.get(user=firm.user("ben"))
    assert (notice.rule_set, notice.text) == (draft, "“Sooner for the smaller”. Submitted by Rui Costa.")
    assert Notice.objects.count() == 3


def test_whoever_edited_it_is_not_asked_to_sign(firm: Company, draft: RuleSet, author: User):
    mark_edited(draft, by=firm.user("ben"), now=NOW)
    submit(draft, author)
    assert told("waits for your signature") == {"clara", "elena"}


def test_whoever_submits_for_the_author_knows_already(firm: Company, draft: RuleSet):
    submit(draft, firm.user("ben"))
    assert told("waits for your signature") == {"clara", "elena"}


def test_a_stand_in_is_told_while_the_delegation_lasts(firm: Company, draft: RuleSet, author: User):
    holder = Role.objects.get(code=RoleCode.SALES_MANAGER).holder
    for key, since in (("freya", -HOUR), ("oskar", HOUR)):
        DelegationFactory(holder=holder, delegate=firm.reps[key], starts_at=NOW + since, ends_at=NOW + 2 * HOUR)
    submit(draft, author)
    assert "freya" in told("waits for your signature")
    assert "oskar" not in told("waits for your signature")


def test_everybody_who_is_told_may_sign_and_everybody_who_may_sign_is_told_of(firm: Company):
    gone = RepFactory.create(is_active=False, user=UserFactory.create())
    RoleFactory(code=RoleCode.SALES_MANAGER, team=firm.teams["am"], holder=gone)
    UserFactory.create(groups=["revops"], is_active=False)
    UserFactory.create(groups=["revops", "leadership"])
    UserFactory.create(is_superuser=True)
    DelegationFactory(
        holder=firm.reps["ben"], delegate=firm.reps["ingrid"], role="", starts_at=NOW - HOUR, ends_at=NOW + HOUR
    )
    DelegationFactory(
        holder=firm.reps["ben"],
        delegate=firm.reps["dana"],
        role=RoleCode.CS_MANAGER,
        starts_at=NOW - HOUR,
        ends_at=NOW + HOUR,
    )
    one_by_one = {user: frozenset(signs_for(user, at=NOW)) for user in User.objects.all()}
    assert signers(at=NOW) == {user: sides for user, sides in one_by_one.items() if sides}
    assert set(SIGNS) == frozenset().union(*signers(at=NOW).values())


def test_any_number_of_signers_costs_the_same(firm: Company, draft: RuleSet, author: User):
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            submit(draft, author)
        rule_versions.take_back(draft, by=author, now=NOW)
        return len(seen)

    few = queries()
    for _ in range(8):
        UserFactory.create(groups=["leadership"])
    assert queries() == few
    assert Notice.objects.count() == 3 + 11


# --- What comes after -------------------------------------------------------------------------------


def test_the_author_is_told_once_both_sides_have_signed(firm: Company, draft: RuleSet, author: User):
    sign(submit(draft, author), firm.user("ben"))
    assert told("publish it") == set()
    sign(draft, firm.user("clara"))
    assert told("Version 2 of the rules is signed: publish it") == {"rui"}


def test_whoever_submitted_it_for_the_author_is_told_too(firm: Company, draft: RuleSet):
    other = UserFactory.create(email="ada@fathomline.example", groups=["revops"])
    sign(submit(draft, other), firm.user("ben"), firm.user("clara"))
    assert told("publish it") == {"rui", "ada"}


def test_whoever_submits_it_and_signs_it_last_knows_already(firm: Company, draft: RuleSet):
    sign(submit(draft, firm.user("ben")), firm.user("clara"), firm.user("ben"))
    assert told("publish it") == {"rui"}


def test_an_author_who_left_is_told_nothing(firm: Company, draft: RuleSet, author: User):
    version = submit(draft, author)
    User.objects.filter(pk=author.pk).update(is_active=False)
    sign(version, firm.user("ben"), firm.user("clara"))
    assert told("publish it") == set()


def test_the_author_is_told_that_it_was_sent_back_but_not_in_whose_words(firm: Company, draft: RuleSet, author: User):
    submit(draft, author)
    ask_for_changes(draft, firm.user("clara"))
    assert told("Version 2 of the rules was sent back") == {"rui"}
    text = Notice.objects.get(user=author).text
    assert "Clara Voss asked for changes." in text
    assert "Too slow" not in text


def test_a_second_submission_asks_again(firm: Company, draft: RuleSet, author: User):
    submit(draft, author)
    ask_for_changes(draft, firm.user("clara"))
    submit(draft, author)
    assert Notice.objects.filter(user=firm.user("ben")).count() == 2
    assert Delivery.objects.filter(recipient="U0BEN").count() == 2


def test_notice_message_and_act_are_there_together_or_not_at_all(firm: Company, draft: RuleSet, author: User):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE handoffs_notice ADD CONSTRAINT no_more CHECK (kind <> 'to_sign')")
    with pytest.raises(DatabaseError):
        submit(draft, author)
    draft.refresh_from_db()
    assert (draft.state, Delivery.objects.count()) == ("draft", 0)
    assert timeline.last(rule_signatures.stream_of(draft), "rules_submitted") is None


def test_what_waits_no_longer_is_unread_no_longer(firm: Company, draft: RuleSet, author: User):
    def unread() -> set[str]:
        rows = Notice.objects.filter(kind="to_sign", read_at__isnull=True)
        return {one.user.email.partition("@")[0] for one in rows}

    submit(draft, author)
    assert unread() == {"ben", "clara", "elena"}
    sign(draft, firm.user("ben"))
    assert unread() == {"clara", "elena"}
    ask_for_changes(draft, firm.user("clara"))
    assert unread() == set()
    rule_versions.take_back(submit(draft, author), by=author, now=NOW)
    assert unread() == set()
    sign(submit(draft, author), firm.user("ben"), firm.user("clara"))
    assert unread() == set()
    assert Notice.objects.get(user=author, title__contains="publish it").read_at is None


# --- By which ways, and until when ------------------------------------------------------------------


def test_it_goes_by_the_way_and_at_the_hour_that_somebody_chose(firm: Company, draft: RuleSet, author: User):
    until = (NOW + HOUR).time()
    since = (NOW - HOUR).time()
    User.objects.update(time_zone="UTC")
    Preference.objects.create(
        user=firm.user("clara"), channel=Preference.Channel.EMAIL, quiet_from=since, quiet_until=until
    )
    submit(draft, author)
    ways = {row.recipient: (row.channel, row.next_at) for row in Delivery.objects.all()}
    assert ways["clara@fathomline.example"] == ("email", NOW + HOUR)
    assert ways["U0BEN"] == ("slack", NOW)
    assert "U0CLARA" not in ways


def test_somebody_without_a_place_on_the_roster_is_told_by_mail(firm: Company, draft: RuleSet, author: User):
    sign(submit(draft, author), firm.user("ben"), firm.user("clara"))
    row = Delivery.objects.get(recipient="rui@fathomline.example")
    assert (row.channel, row.handoff, row.payload["alert"]["action_url"][-9:]) == ("email", None, "/rules/2/")


@pytest.mark.usefixtures("fake_slack", "fake_resend")
def test_the_message_is_sent_while_it_waits_for_that_side(firm: Company, draft: RuleSet, author: User):
    sign(submit(draft, author), firm.user("clara"))
    rows = deliver()
    assert rows["U0BEN"].state == "delivered"
    assert (rows["U0ELENA"].state, rows["U0ELENA"].last_error) == ("cancelled", "Somebody else signed it first.")


def test_what_was_taken_back_asks_nobody_any_more(
    firm: Company, draft: RuleSet, author: User, fake_slack: Fake, fake_resend: Fake
):
    rule_versions.take_back(submit(draft, author), by=author, now=NOW)
    assert {row.last_error for row in deliver().values()} == {"The version does not wait any more."}
    assert (fake_slack.effects(), fake_resend.effects()) == ([], [])


def test_a_message_of_an_earlier_submission_is_not_sent_after_the_next(
    firm: Company, draft: RuleSet, author: User, fake_slack: Fake
):
    rule_versions.take_back(submit(draft, author), by=author, now=NOW)
    submit(draft, author)
    deliver()
    to_ben = Delivery.objects.filter(recipient="U0BEN").order_by("id").values_list("state", flat=True)
    assert list(to_ben) == ["cancelled", "delivered"]


# --- What waits for whom ----------------------------------------------------------------------------


def test_what_waits_for_somebody_is_what_they_can_sign(firm: Company, draft: RuleSet, author: User):
    def waits() -> dict[str, list[int]]:
        people: dict[str, Any] = {key: firm.user(key) for key in ("ben", "clara", "elena", "ingrid")} | {"rui": author}
        found = {
            key: [one.number for one in rule_signatures.waiting_for(User.objects.get(pk=user.pk), at=NOW)]
            for key, user in people.items()
        }
        for key, user in people.items():
            draft.refresh_from_db()
            can = draft.state == "in_approval" and rule_signatures.why_not_sign(draft, user, at=NOW) is None
            assert bool(found[key]) == can
        return {key: numbers for key, numbers in found.items() if numbers}

    assert waits() == {}
    submit(draft, author)
    assert waits() == {"ben": [2], "clara": [2], "elena": [2]}
    sign(draft, firm.user("clara"))
    assert waits() == {"ben": [2]}
    rule_versions.take_back(draft, by=author, now=NOW)
    mark_edited(draft, by=firm.user("ben"), now=NOW)
    submit(draft, author)
    assert waits() == {"clara": [2], "elena": [2]}, "a signature counts for one submission"


def test_what_is_signed_by_both_sides_waits_for_nobody(firm: Company, draft: RuleSet, author: User):
    signed(firm, draft, author)
    assert not rule_signatures.waiting_for(firm.user("elena"), at=NOW)
