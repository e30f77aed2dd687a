"""The people of the permission matrix, and the groups of them that its rows speak of."""

from enum import StrEnum
from itertools import chain


class Persona(StrEnum):
    """Somebody who asks. All of them look at the same handoffs, which went from Oskar's team to Hannah's."""

    ANONYMOUS = "anonymous"
    """Nobody: a browser without a session."""
    INACTIVE = "inactive"
    """Somebody who has left and kept their browser open."""
    OWNER = "owner"
    """A rep: the handoff is theirs."""
    FORMER = "former owner"
    """A rep of the owner's team who had it before."""
    COLLEAGUE = "colleague"
    """A rep of the owner's team who was never concerned."""
    SENDER = "sender"
    """The rep who handed it over."""
    MANAGER = "manager"
    """Manages the owner's team."""
    SENDERS_MANAGER = "sender's manager"
    """Manages the sender's team, and not the owner's."""
    OTHER_MANAGER = "other manager"
    """Manages a third team."""
    REVOPS = "revops"
    LEADERSHIP = "leadership"
    AUDITOR = "auditor"
    SUPERUSER = "superuser"


Who = frozenset[Persona]


def who(*parts: Persona | Who) -> Who:
    """One group of several people and groups."""
    return frozenset(chain.from_iterable({part} if isinstance(part, Persona) else part for part in parts))


NOBODY = who()
EVERYBODY = frozenset(Persona)
STRANGERS = who(Persona.ANONYMOUS, Persona.INACTIVE)
SIGNED_IN = EVERYBODY - STRANGERS

ADMINISTRATORS = who(Persona.REVOPS, Persona.SUPERUSER)
"""Keep the machine."""
STAFF = who(ADMINISTRATORS, Persona.AUDITOR)
"""May open the admin."""
SUPERUSER = who(Persona.SUPERUSER)

CONCERNED = who(Persona.OWNER, Persona.FORMER, Persona.SENDER, Persona.MANAGER, Persona.SENDERS_MANAGER)
SEES = who(CONCERNED, Persona.REVOPS, Persona.LEADERSHIP, Persona.AUDITOR, Persona.SUPERUSER)
"""See the handoff; for all others it does not exist."""
OWNER_SIDE = who(Persona.OWNER, Persona.MANAGER)
"""Do what an owner does."""
IN_THE_POOL = who(Persona.OWNER, Persona.FORMER)
"""Take what waits in the queue of the pool."""
SENDER_SIDE = who(Persona.SENDER, Persona.SENDERS_MANAGER, ADMINISTRATORS)
"""Do what a sender does; RevOps may in their place."""
EITHER_SIDE = who(OWNER_SIDE, SENDER_SIDE)
MAY_REASSIGN = who(Persona.MANAGER, ADMINISTRATORS)
SIGNS_RULES = who(Persona.REVOPS, Persona.LEADERSHIP, Persona.SENDERS_MANAGER)
"""Sign versions of the rules: RevOps, leadership, and the sender's manager, who is the sales manager."""
SEES_RULES = who(STAFF, SIGNS_RULES)
MAY_START = who(CONCERNED, Persona.COLLEAGUE, Persona.OTHER_MANAGER, ADMINISTRATORS)
"""Start a handoff by hand: reps, managers and RevOps."""
