"""The admin of handoffs: the work and its outbox, the log, the local CRM, and the machinery of other apps."""

from handoffs.admin import (
    crm,
    crm_activity,
    deliveries,
    handoffs,
    log,
    packages,
    remarks,
    rules,
    settings,
    system,
    tokens,
    traces,
)

__all__ = [
    "crm",
    "crm_activity",
    "deliveries",
    "handoffs",
    "log",
    "packages",
    "remarks",
    "rules",
    "settings",
    "system",
    "tokens",
    "traces",
]
