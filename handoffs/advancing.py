"""How a claimed handoff is taken through steps 1 to 6, and what becomes of it when that fails."""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import IntegrityError, InterfaceError, OperationalError
from structlog.contextvars import bound_contextvars

from handoffs import filling, states
from handoffs.connectors.ports import ConnectorError
from handoffs.failpoints import pass_point
from handoffs.models import Handoff
from handoffs.preparing import prepare
from handoffs.settling import LostRaceError, postpone, settle
from routing.matcher import NoRulesError
from sla.clock import NoPolicyError

log = logging.getLogger(__name__)


def advance(handoff: Handoff, *, now: datetime, actor: str) -> None:
    """Takes a claimed handoff as far as it goes; whatever goes wrong with it, it is postponed and shown.

    Raises only when the database is away.
    """
    with bound_contextvars(handoff=handoff.reference, handoff_uuid=str(handoff.uuid)):
        try:
            _advance(handoff, now=now, actor=actor)
        except (InterfaceError, OperationalError):
            raise
        except Exception as error:  # one bad row must not stop the others
            log.exception("%s could not be run", handoff.reference)
            sentence = f"An unexpected error stopped the run ({type(error).__name__}). RevOps can run it again."
            postpone(handoff, sentence, permanent=False, now=now, actor=actor)


def _advance(handoff: Handoff, *, now: datetime, actor: str) -> None:
    """Steps 1 to 6: look outside any transaction, then settle in one."""
    pass_point("pipeline.claimed")
    try:
        if handoff.state not in states.MOVES["run"][0]:
            filling.score_again(handoff, actor=actor, now=now)
            return
        prepared = prepare(handoff, now=now)
    except (ConnectorError, NoRulesError, NoPolicyError) as error:
        postpone(handoff, str(error), permanent=getattr(error, "permanent", False), now=now, actor=actor)
        return
    pass_point("pipeline.prepared")
    try:
        settle(handoff, prepared, now=now, actor=actor)
    except LostRaceError:
        return
    except IntegrityError:
        # Most often a line of the log that came in between. Where somebody else settled it, this changes nothing.
        sentence = "Something changed while it was being looked at, so it is looked at again."
        postpone(handoff, sentence, permanent=False, now=now, actor=actor)
        return
    pass_point("pipeline.settled")
