"""People, pools and calendars: bad input is told at its field, and an edit touches nothing but what was edited."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.forms import modelform_factory
from django.test import Client

from routing import turns
from routing.forms import MembershipForm
from routing.models import Absence, Delegation, Membership, Role, Turn, User
from tests import factories
from tests.admin.pages import address, complaints, fields_of, one_new_line, save
from tests.admin.worlds import signed_in
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss() -> Client:
    return signed_in()


# --- Users ------------------------------------------------------------------------------------------------------------


def test_a_user_is_added_by_e_mail_and_signs_in_with_it(boss: Client):
    response = save(
        boss, User, email="Noor.Haddad@Fathomline.example", first_name="Noor", last_name="Haddad",
        time_zone="Europe/Oslo", usable_password="true", password1=PASSWORD, password2=PASSWORD,
    )  # fmt: skip
    assert response.status_code == 302, complaints(response)
    user = User.objects.get(first_name="Noor")
    assert user.email == "noor.haddad@fathomline.example"
    assert user.check_password(PASSWORD)
    assert not user.is_staff


def test_a_second_user_with_the_same_address_in_capitals_is_refused_at_the_address(boss: Client):
    factories.UserFactory.create(email="noor@fathomline.example")
    typed = {"usable_password": "true", "password1": PASSWORD, "password2": PASSWORD, "time_zone": "UTC"}
    response = save(boss, User, email="NOOR@fathomline.example", **typed)
    assert complaints(response) == {"email": ["User with this E-mail already exists."]}


def test_an_unknown_time_zone_is_told_at_its_field(boss: Client):
    user = factories.UserFactory.create()
    response = save(boss, user, time_zone="Europe/Atlantis")
    assert complaints(response)["time_zone"] == [
        "“Europe/Atlantis” is not a time zone. Use an IANA name such as Europe/Oslo."
    ]


def test_whoever_may_change_users_cannot_make_themselves_a_superuser():
    client = signed_in(group="revops")
    me: User = client.user  # type: ignore[attr-defined]
    client = signed_in_with(me, "routing.view_user", "routing.change_user")
    assert save(client, me, is_superuser="on", is_staff="on", first_name="Renamed").status_code == 302
    me.refresh_from_db()
    assert (me.first_name, me.is_superuser) == ("Renamed", False)


def test_whoever_may_change_users_cannot_set_a_superusers_password():
    superuser = factories.UserFactory.create(is_superuser=True, is_staff=True)
    client = signed_in_with(factories.UserFactory.create(is_staff=True), "routing.view_user", "routing.change_user")
    where = f"/admin/routing/user/{superuser.pk}/password/"
    typed = {"usable_password": "true", "password1": "another long password", "password2": "another long password"}
    assert client.post(where, typed).status_code == 403
    superuser.refresh_from_db()
    assert superuser.check_password(PASSWORD)


def signed_in_with(user: User, *permissions: str) -> Client:
    """A browser of this user with these permissions beside those of their groups."""
    for permission in permissions:
        app, codename = permission.split(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
    client = Client()
    client.force_login(user)
    return client


# --- The roster -------------------------------------------------------------------------------------------------------


def test_a_cap_of_zero_is_allowed_and_means_none(boss: Client):
    rep = factories.RepFactory.create()
    assert save(boss, rep, load_cap=0).status_code == 302
    rep.refresh_from_db()
    assert rep.load_cap == 0
    assert "0: none at all" in boss.get(address(rep, "change")).content.decode()


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("time_zone", "Mars/Olympus", "“Mars/Olympus” is not a time zone. Use an IANA name such as Europe/Oslo."),
        (
            "email",
            "TAKEN@fathomline.example",
            "Somebody on the roster has this e-mail address already. Use another one.",
        ),
        ("email", "nobody", "Enter a valid email address."),
        ("load_cap", "-1", "Ensure this value is greater than or equal to 0."),
        ("segments", "enterprise, galactic", "No rules have a segment “galactic”. Choose from: enterprise, smb."),
        ("territories", "moon", "No rules have a territory “moon”. Choose from: emea-north."),
        ("day_cap", "100001", "At most 100,000 handoffs; blank means no limit."),
    ],
)
def test_a_value_that_cannot_be_is_told_at_its_field(boss: Client, field: str, typed: str, sentence: str):
    factories.RepFactory.create(email="taken@fathomline.example")
    for code in ("enterprise", "smb"):
        factories.SegmentFactory.create(code=code)
    factories.TerritoryFactory.create(code="emea-north")
    rep = factories.RepFactory.create()
    assert complaints(save(boss, rep, **{field: typed})) == {field: [sentence]}


def test_lists_of_words_are_written_with_commas(boss: Client):
    for code in ("enterprise", "mid_market"):
        factories.SegmentFactory.create(code=code)
    rep = factories.RepFactory.create(skills=["de", "lineage"])
    assert fields_of(boss.get(address(rep, "change")))["skills"] == "de, lineage"
    assert save(boss, rep, segments="Enterprise,  mid-market , enterprise", skills="").status_code == 302
    rep.refresh_from_db()
    assert (rep.segments, rep.skills) == (["enterprise", "mid_market"], [])


def test_nobody_covers_for_themselves(boss: Client):
    rep = factories.RepFactory.create()
    assert complaints(save(boss, rep, cover=rep.pk)) == {
        "cover": ["Nobody can cover for themselves. Choose another person."]
    }


def test_a_team_cannot_be_put_below_its_own_child(boss: Client):
    parent = factories.TeamFactory.create(name="Sales")
    child = factories.TeamFactory.create(name="Enterprise", parent=parent)
    assert complaints(save(boss, parent, parent=child.pk)) == {
        "parent": ["Enterprise is below Sales, so it cannot be above it too. Choose another team, or none."]
    }


def test_an_absence_is_read_and_shown_on_the_clock_of_whoever_writes_it(boss: Client):
    User.objects.update(time_zone="Asia/Tokyo")
    rep = factories.RepFactory.create()
    line = one_new_line(
        "absences", kind="holiday",
        starts_at_0="2026-11-20", starts_at_1="09:00", ends_at_0="2026-11-20", ends_at_1="13:00",
    )  # fmt: skip
    response = save(boss, rep, **line)
    assert response.status_code == 302, complaints(response)
    absence = Absence.objects.get(rep=rep)
    assert (absence.starts_at, absence.ends_at) == (
        datetime(2026, 11, 20, 0, 0, tzinfo=UTC),
        datetime(2026, 11, 20, 4, 0, tzinfo=UTC),
    )
    shown = fields_of(boss.get(address(rep, "change")))
    assert (shown["absences-0-starts_at_0"], shown["absences-0-starts_at_1"]) == ("2026-11-20", "09:00:00")


def test_an_absence_that_ends_before_it_starts_is_told_at_its_end(boss: Client):
    absence = factories.AbsenceFactory.create()
    response = save(boss, absence, ends_at_0="2020-01-01", ends_at_1="00:00")
    assert complaints(response) == {"ends_at": ["The absence ends before it starts. Set the end after the start."]}


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("starts_at", "0001-01-01", "This is far away. Choose a day between the years 2000 and 2100."),
        ("ends_at", "9999-12-31", "This is far away. Choose a day between the years 2000 and 2100."),
        ("ends_at", "2031-01-01", "This is longer than three years. Choose an earlier end."),
    ],
)
@pytest.mark.parametrize("maker", [factories.AbsenceFactory, factories.DelegationFactory])
def test_a_span_that_cannot_be_meant_is_told_at_its_field(
    boss: Client, maker: Any, field: str, typed: str, sentence: str
):
    row = maker.create()
    response = save(boss, row, **{f"{field}_0": typed, f"{field}_1": "12:00"})
    assert sentence in complaints(response)[field]


def test_one_person_may_be_away_twice_at_once(boss: Client):
    """A sick day in the holidays is entered as it comes; whoever decides asks only whether any absence runs."""
    absence = factories.AbsenceFactory.create()
    factories.AbsenceFactory.create(rep=absence.rep, starts_at=absence.starts_at, ends_at=absence.ends_at)
    assert save(boss, absence, note="Also sick").status_code == 302


def test_an_office_is_held_once_for_the_company(boss: Client):
    held = factories.RoleFactory.create()
    response = save(boss, Role, code=held.code, holder=factories.RepFactory.create().pk)
    assert complaints(response) == {"code": ["This role is held company-wide already. Change that entry instead."]}


def test_nobody_stands_in_for_themselves(boss: Client):
    delegation = factories.DelegationFactory.create()
    response = save(boss, delegation, delegate=delegation.holder.pk)
    assert complaints(response) == {"delegate": ["Nobody can stand in for themselves. Choose another person."]}
    assert Delegation.objects.get().delegate != delegation.holder


def test_the_history_of_a_person_shows_who_changed_what_and_takes_nothing_back(boss: Client):
    rep = factories.RepFactory.create(job_title="Account executive")
    save(boss, rep, job_title="Team lead")
    first = rep.history.earliest()  # type: ignore[attr-defined]
    assert "Team lead" in boss.get(address(rep, "history")).content.decode()
    where = f"/admin/routing/rep/{rep.pk}/history/{first.pk}/"
    filled = fields_of(boss.get(where))
    assert boss.post(where, filled).status_code == 403
    rep.refresh_from_db()
    assert rep.job_title == "Team lead"
    assert rep.history.latest().history_user == boss.user  # type: ignore[attr-defined]


@pytest.mark.parametrize("maker", [factories.RepFactory, factories.TeamFactory, factories.PoolFactory])
def test_a_folded_part_with_an_error_in_it_is_open(boss: Client, maker: Any):
    row = maker.create()
    assert "<details>" in boss.get(address(row, "change")).content.decode()
    page = save(boss, row, load_cap="-1").content.decode()
    assert "Ensure this value is greater than or equal to 0." in page
    assert "<details>" not in page


# --- Pools ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("weight", ["21", "0", "-3", "1.5"])
def test_a_weight_that_is_not_1_to_20_is_told_at_its_field(boss: Client, weight: str):
    membership = factories.MembershipFactory.create(weight=3)
    assert complaints(save(boss, membership, weight=weight)) == {"weight": ["A weight is a whole number from 1 to 20."]}
    membership.refresh_from_db()
    assert membership.weight == 3


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("return_allowance", "1001", "At most 1,000 turns."),
        ("load_cap", "99999999999", "At most 100,000 handoffs; blank means no limit."),
    ],
)
def test_a_number_beyond_all_reason_is_told_at_its_field(boss: Client, field: str, typed: str, sentence: str):
    pool = factories.PoolFactory.create()
    assert complaints(save(boss, pool, **{field: typed})) == {field: [sentence]}


def test_somebody_who_joins_a_pool_starts_level_with_the_last_of_the_others(boss: Client):
    pool = factories.PoolFactory.create()
    for taken in (3, 5):
        factories.MembershipFactory.create(pool=pool, pointer=taken * turns.UNIT)
    new = factories.RepFactory.create()
    line: dict[str, Any] = {"memberships-TOTAL_FORMS": 3, "memberships-2-rep": new.pk, "memberships-2-weight": 2}
    line |= {"memberships-2-position": 9, "memberships-2-is_active": "on"}
    response = save(boss, pool, **line)
    assert response.status_code == 302, complaints(response)
    membership = Membership.objects.get(rep=new)
    joined = Turn.objects.get(membership=membership)
    assert (joined.kind, joined.units, membership.pointer) == (Turn.Kind.JOIN, 3 * turns.UNIT, 3 * turns.UNIT)
    assert joined.actor == f"user:{boss.user.pk}"  # type: ignore[attr-defined]


def test_the_place_of_one_person_is_never_given_to_another(boss: Client):
    membership = factories.MembershipFactory.create()
    other = factories.RepFactory.create()
    response = save(boss, membership.pool, **{"memberships-0-rep": other.pk, "memberships-0-weight": 2})
    assert response.status_code == 302, complaints(response)
    row = Membership.objects.get()
    assert (row.rep, row.weight) == (membership.rep, 2)


def membership_read_before_a_turn() -> Membership:
    """A row as a form read it, while the engine takes a turn in the meantime."""
    membership = factories.MembershipFactory.create(weight=1)
    Membership.objects.filter(pk=membership.pk).update(pointer=7 * turns.UNIT, last_debit_seq=7)
    return membership


def kept(membership: Membership) -> tuple[int, int, int]:
    row = Membership.objects.get(pk=membership.pk)
    return row.weight, row.pointer // turns.UNIT, row.last_debit_seq


def test_an_edit_of_a_member_in_the_pool_keeps_the_turn_taken_meanwhile():
    membership = membership_read_before_a_turn()
    typed = {"pool": membership.pool.pk, "rep": membership.rep.pk, "weight": 2, "position": 0, "is_active": "on"}
    form = modelform_factory(Membership, form=MembershipForm)(typed, instance=membership)
    assert form.is_valid(), form.errors
    form.save()
    assert kept(membership) == (2, 7, 7)


def test_an_edit_of_a_member_on_their_own_page_keeps_the_turn_taken_meanwhile(boss: Client):
    membership = membership_read_before_a_turn()
    response = boss.get(address(membership, "change"))
    form = type(response.context["adminform"].form)(
        {"weight": 2, "position": 0, "is_active": "on"}, instance=membership
    )
    assert form.is_valid(), form.errors
    admin.site.get_model_admin(Membership).save_model(response.wsgi_request, form.save(commit=False), form, change=True)
    assert kept(membership) == (2, 7, 7)


def test_a_save_that_changes_nothing_writes_nothing(boss: Client):
    rep = factories.RepFactory.create()
    versions = rep.history.count()  # type: ignore[attr-defined]
    assert save(boss, rep).status_code == 302
    assert rep.history.count() == versions  # type: ignore[attr-defined]


def test_a_member_is_made_inactive_never_deleted(boss: Client):
    membership = factories.MembershipFactory.create()
    save(boss, membership.pool, **{"memberships-0-DELETE": "on"})
    assert boss.post(address(membership, "delete"), {"post": "yes"}).status_code == 403
    assert Membership.objects.filter(pk=membership.pk).exists()


def test_the_ledger_cannot_be_written_by_hand(boss: Client):
    turn = factories.TurnFactory.create()
    assert boss.get(address(Turn, "add")).status_code == 403
    assert boss.post(address(turn, "change"), {"units": 1}).status_code == 403
    assert boss.post(address(turn, "delete"), {"post": "yes"}).status_code == 403
