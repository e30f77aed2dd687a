"""What every answer says to the browser beside its content."""

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.utils.module_loading import import_string

from config.middleware import admin_csp, client_ip, no_store
from routing.models import User


@pytest.fixture
def sign_in_page(client: Client, db: None) -> HttpResponse:
    response = client.get("/accounts/login/")
    assert response.status_code == 200
    return response


def test_pages_allow_only_our_own_scripts_and_styles(sign_in_page: HttpResponse):
    policy = sign_in_page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


def test_the_admin_alone_may_evaluate_expressions(client: Client, db: None):
    client.force_login(
        User.objects.create_superuser("root@fathomline.example"), backend="django.contrib.auth.backends.ModelBackend"
    )
    policy = client.get("/admin/").headers["Content-Security-Policy"]
    assert "'unsafe-eval'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in client.get("/administrator/").headers["Content-Security-Policy"]


def test_the_admins_policy_follows_the_path_and_not_its_look(rf: RequestFactory):
    relaxed = admin_csp(lambda request: HttpResponse())
    assert hasattr(relaxed(rf.get("/admin/routing/")), "_csp_replace")
    assert not hasattr(relaxed(rf.get("/handoffs/?next=/admin/")), "_csp_replace")


def test_pages_are_kept_by_no_cache_unless_they_say_so(sign_in_page: HttpResponse, rf: RequestFactory):
    assert "no-store" in sign_in_page.headers["Cache-Control"]
    public = no_store(lambda request: HttpResponse(headers={"Cache-Control": "max-age=60"}))
    assert public(rf.get("/")).headers["Cache-Control"] == "max-age=60"


def test_pages_are_not_framed_guessed_or_referred_from(sign_in_page: HttpResponse):
    headers = sign_in_page.headers
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=(), " in headers["Permissions-Policy"]
    assert headers["X-Request-ID"]


def test_behind_a_proxy_only_its_own_entry_of_the_forwarded_addresses_counts(rf: RequestFactory):
    request = rf.get("/", headers={"X-Forwarded-For": "10.9.9.9, 203.0.113.7"})
    assert client_ip(request) == "203.0.113.7", "the first entry is whatever the client claims"
    assert client_ip(rf.get("/")) == "127.0.0.1"


def test_without_a_proxy_a_forwarded_address_is_not_believed(settings, rf: RequestFactory):
    request = rf.get("/", headers={"X-Forwarded-For": "203.0.113.7"})
    assert import_string(settings.CLIENT_IP)(request) == "127.0.0.1"
    assert settings.AXES_CLIENT_IP_CALLABLE == settings.CLIENT_IP
    assert settings.SECURE_PROXY_SSL_HEADER is None
