"""Addresses that leave the product: always to our own site or to the configured CRM, never to where a record says."""

from __future__ import annotations

from urllib.parse import quote

from django.conf import settings

from handoffs.models import Handoff
from routing.models import RuleSet


def handoff_link(handoff: Handoff) -> str:
    """The handoff's page."""
    return f"{settings.SITE_URL}/handoffs/{handoff.reference}/"


def rules_link(version: RuleSet) -> str:
    """The page of a version of the rules."""
    return f"{settings.SITE_URL}/rules/{version.number}/"


def crm_link(kind: str, crm_id: str) -> str:
    """The record in the CRM, from CRM_RECORD_URL with {kind} and {crm_id}; empty when no address is configured."""
    pattern: str = settings.CRM_RECORD_URL
    return pattern.format(kind=quote(kind, safe=""), crm_id=quote(crm_id, safe="")) if pattern else ""
