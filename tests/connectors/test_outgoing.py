import pytest

from handoffs.connectors.outgoing import clean, cut, one_line, safe_link


@pytest.fixture(autouse=True)
def hosts(settings):
    settings.SITE_URL = "https://handoffs.acme.example"
    settings.CRM_RECORD_URL = "https://crm.acme.example/{kind}/{crm_id}"


def test_control_and_direction_marks_are_taken_out():
    assert clean(" a\x00b\x07c\u202ed\r\ne\rf\tg ") == "abcd\ne\nf\tg"


def test_one_line_is_one_line():
    assert one_line("Ann\r\nBcc: x\u2028y\n\n z") == "Ann Bcc: xy z"


def test_what_is_cut_says_so_and_keeps_to_the_limit():
    assert cut("abcdef", limit=6) == "abcdef"
    assert cut("abcdefg", limit=6) == "abcde\N{HORIZONTAL ELLIPSIS}"


@pytest.mark.parametrize(
    "url",
    [
        "https://handoffs.acme.example/handoffs/HO-1/",
        "https://crm.acme.example/deal/D-1",
        "https://CRM.acme.example:443/deal/D-1",
    ],
)
def test_links_to_our_site_and_our_crm_are_kept(url):
    assert safe_link(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "javascript:alert(1)",
        "data:text/html,x",
        "//handoffs.acme.example/",
        "/handoffs/1/",
        "http://handoffs.acme.example/",
        "http://crm.acme.example/deal/D-1",
        "https://evil.example/",
        "https://handoffs.acme.example.evil.example/",
        "https://handoffs.acme.example@evil.example/",
        "https://me:pw@handoffs.acme.example/",
        "https://handoffs.acme.example\\@evil.example/",
        "https://handoffs.acme.example:8443/",
        "https://handoffs.acme.example/ x",
        "https://handoffs.acme.example/\r\nx",
        "https://handoffs.acme.example/<!channel>",
        "https://[::1",
    ],
)
def test_every_other_link_is_dropped(url):
    assert safe_link(url) == ""


def test_the_demo_links_to_itself_without_tls(settings):
    settings.SITE_URL = "http://127.0.0.1:8000"
    assert safe_link("http://127.0.0.1:8000/handoffs/HO-1/") == "http://127.0.0.1:8000/handoffs/HO-1/"
    assert safe_link("http://127.0.0.1:9000/") == ""


def test_without_a_crm_address_only_our_site_is_linked(settings):
    settings.CRM_RECORD_URL = ""
    assert safe_link("https://crm.acme.example/deal/D-1") == ""
