"""Buying roles from titles in many languages, explicit roles, the primary contact and who can be reached."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handoffs.buying_roles import (
    ROLES,
    buying_role,
    can_be_reached,
    explicit_role,
    first_to_reach,
    primary_contact,
    role_of_title,
)
from handoffs.connectors.ports import ContactRecord

TITLES = {
    "economic_buyer": [
        "CEO",
        "Chief Financial Officer",
        "President & Founder",
        "Owner",
        "Managing Director, Nordics",
        "VP of Finance",
        "Finance Director",
        "Geschäftsführerin",
        "Geschaeftsfuehrer",
        "Leiter Finanzen",
        "Kaufmännischer Leiter",
        "Président-directeur général",
        "Directrice générale",
        "Directeur financier",
        "Directora General",
        "Gerente General",
        "Diretor Geral",
        "Sócia fundadora",
        "Amministratore delegato",
        "Algemeen directeur",
        "Verkställande direktör",
        "Daglig leder",
        "Administrerende direktør",
        "Økonomisjef",
        "Prezes zarządu",
        "代表取締役社長",
        "总经理",
    ],
    "champion": [
        "VP Data and Analytics",
        "Vice President, Sales",
        "Senior Vice President Operations",
        "Director of Marketing",
        "Head of Fleet Operations",
        "Product Owner",
        "Leiterin Vertrieb",
        "Vertriebsleiter",
        "Bereichsleitung Logistik",
        "Directrice marketing",
        "Responsable des opérations",
        "Directora de Operaciones",
        "Jefe de Logística",
        "Diretora de Vendas",
        "Responsabile vendite",
        "Hoofd Operations",
        "Försäljningschef",
        "Salgssjef",
        "Afdelingsleder",
        "Kierowniczka sprzedaży",
        "営業部長",
    ],
    "technical_evaluator": [
        "CTO",
        "Enterprise Architect",
        "Senior Software Engineer",
        "Head of IT",
        "IT-Leiter",
        "Softwareentwicklerin",
        "Wirtschaftsinformatiker",
        "Directeur des systèmes d'information",
        "Ingénieure logiciel",
        "Responsable de Sistemas",
        "Engenheiro de Dados",
        "Diretor de TI",
        "Sviluppatore senior",
        "Systeembeheerder",
        "Mjukvaruutvecklare",
        "Programista",
        "エンジニア",
        "架构师",
    ],
    "legal_procurement": [
        "Procurement Lead",
        "Chief Purchasing Officer",
        "General Counsel",
        "Einkaufsleiter",
        "Strategischer Einkäufer",
        "Datenschutzbeauftragte",
        "Directeur des achats",
        "Responsable de Compras",
        "Gerente de Suprimentos",
        "Responsabile acquisti",
        "Inkoopmanager",
        "Inköpschef",
        "Innkjøpssjef",
        "Indkøbschef",
        "Specjalista ds. zakupów",
        "購買部長",
    ],
    "influencer": [
        "Executive Assistant to the CEO",
        "Vorstandsassistentin",
        "Assistentin der Geschäftsführung",
        "Assistante de direction",
        "Chief of Staff",
        "Unternehmensberater",
        "Marketing Manager",
        "Projektleiter",
        "Chef de projet",
        "Jefa de proyectos",
        "社長秘書",
    ],
    "end_user": [
        "Data Analyst",
        "Customer Support Specialist",
        "Sachbearbeiterin",
        "Chargée de clientèle",
        "Analista de Ventas",
        "Impiegata amministrativa",
        "Medewerker planning",
        "Saksbehandler",
        "Księgowa",
    ],
    "unknown": ["", "   ", "Ninja", "???", "Æther"],
}


@pytest.mark.parametrize(("title", "role"), [(title, role) for role, titles in TITLES.items() for title in titles])
def test_a_title_suggests_its_role(title: str, role: str) -> None:
    assert role_of_title(title) == role
    assert role_of_title(title.upper()) == role


def test_a_phrase_matches_whole_words_only() -> None:
    assert role_of_title("Italian Chapter Greeter") == "unknown"
    assert role_of_title("Vdara") == "unknown"


@settings(deadline=None)
@given(title=st.text(max_size=60))
def test_any_title_has_a_role(title: str) -> None:
    assert role_of_title(title) in ROLES


@pytest.mark.parametrize(
    ("word", "role"),
    [
        ("end_user", "end_user"),
        ("Economic Buyer", "economic_buyer"),
        ("DECISION_MAKER", "economic_buyer"),
        ("Legal & Compliance", ""),
        ("LEGAL_AND_COMPLIANCE", "legal_procurement"),
        ("Gatekeeper", "legal_procurement"),
        ("INFLUENCER;CHAMPION", "champion"),
        ("OTHER", ""),
        ("", ""),
    ],
)
def test_the_words_of_the_crms_are_understood(word: str, role: str) -> None:
    assert explicit_role(ContactRecord(crm_id="C-1", buying_role=word)) == role


def test_an_explicit_role_wins_over_the_title() -> None:
    assert buying_role(ContactRecord(crm_id="C-1", title="CEO", buying_role="champion")) == "champion"


def test_an_explicit_role_that_says_nothing_leaves_it_to_the_title() -> None:
    assert buying_role(ContactRecord(crm_id="C-1", title="CEO", buying_role="other")) == "economic_buyer"


@pytest.mark.parametrize(
    ("contact", "reachable"),
    [
        (ContactRecord(crm_id="C-1", email="ada@acme.example"), True),
        (ContactRecord(crm_id="C-1", email=" ada@acme.example "), True),
        (ContactRecord(crm_id="C-1", email="ada@acme.example", email_bounced=True), False),
        (ContactRecord(crm_id="C-1", email="ada@acme.example", email_bounced=True, phone="+47 22 55 01 84"), True),
        (ContactRecord(crm_id="C-1", email="ada@acme.example", do_not_contact=True), False),
        (ContactRecord(crm_id="C-1", phone="+47 22 55 01 84", do_not_contact=True), False),
        (ContactRecord(crm_id="C-1", phone="n/a"), False),
        (ContactRecord(crm_id="C-1", phone="112"), False),
        (ContactRecord(crm_id="C-1", email="ada"), False),
        (ContactRecord(crm_id="C-1", email="ada@acme"), False),
        (ContactRecord(crm_id="C-1", email="a b@acme.example"), False),
        (ContactRecord(crm_id="C-1", email="ada@acme.example\nBcc: x@y.example"), False),
        (ContactRecord(crm_id="C-1"), False),
    ],
)
def test_a_contact_can_be_reached_by_a_working_mail_or_a_phone_unless_forbidden(
    contact: ContactRecord, reachable: bool
) -> None:
    assert can_be_reached(contact) is reachable


def person(name: str, title: str, *, reachable: bool = True, is_primary: bool = False) -> ContactRecord:
    email = f"{name}@acme.example" if reachable else ""
    return ContactRecord(crm_id=name, first_name=name, title=title, email=email, is_primary=is_primary)


def test_the_flag_of_the_crm_makes_the_primary_contact() -> None:
    contacts = [person("cleo", "CEO"), person("dan", "Data Analyst", is_primary=True)]
    assert primary_contact(contacts) == contacts[1]


def test_without_a_flag_the_highest_role_that_can_be_reached_is_primary() -> None:
    contacts = [person("dan", "Data Analyst"), person("cleo", "CEO", reachable=False), person("vera", "VP Sales")]
    assert primary_contact(contacts) == contacts[2]


def test_ties_go_to_the_first() -> None:
    contacts = [person("ann", "CEO"), person("bob", "CFO")]
    assert primary_contact(contacts) == contacts[0]


def test_of_several_flags_the_highest_role_counts() -> None:
    contacts = [person("ann", "Analyst", is_primary=True), person("bob", "CFO", is_primary=True)]
    assert primary_contact(contacts) == contacts[1]


def test_whom_to_call_passes_over_a_primary_who_cannot_be_reached() -> None:
    contacts = [person("ann", "CEO", reachable=False, is_primary=True), person("bob", "Analyst")]
    assert primary_contact(contacts) == contacts[0]
    assert first_to_reach(contacts) == contacts[1]


def test_nobody_is_primary_where_nobody_is() -> None:
    assert primary_contact([]) is None
    assert primary_contact([person("ann", "CEO", reachable=False)]) is None
    assert first_to_reach([person("ann", "CEO", reachable=False)]) is None
