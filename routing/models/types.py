"""Words the whole house shares, stored as words."""

from __future__ import annotations

from django.db import models


class HandoffType(models.TextChoices):
    """The four kinds of handoff; the words are the customer's."""

    MQL_TO_SALES = "mql_to_sales", "Marketing → Sales (MQL/PQL)"
    SQL_TO_AE = "sql_to_ae", "SDR → AE (SQL)"
    CLOSED_TO_CS = "closed_to_cs", "Sales → Customer Success (Closed Won)"
    EXPANSION_TO_SALES = "expansion_to_sales", "CS → Sales (Expansion)"

    @property
    def short(self) -> str:
        """The word people say: MQL, SQL, Closed won, Expansion."""
        return _SHORT[self]

    @property
    def receiving_functions(self) -> frozenset[str]:
        """The functions that may own a handoff of this type."""
        return _RECEIVING[self]

    @property
    def sending_functions(self) -> frozenset[str]:
        """The functions that hand over; a CRM owner in one of them is the sender."""
        return _SENDING[self]

    @property
    def escalation_role(self) -> str:
        """Who hears of a missed SLA after the owner."""
        return _ESCALATION[self]


class Function(models.TextChoices):
    """What a person does for a living; handoffs of a type go to its receiving functions."""

    MARKETING = "marketing", "Marketing"
    SDR = "sdr", "SDR"
    AE = "ae", "Account executive"
    AM = "am", "Account manager"
    CSM = "csm", "Customer success manager"
    REVOPS = "revops", "RevOps"
    LEADER = "leader", "Leader"


class SegmentCode(models.TextChoices):
    """The market segments shipped; a rule-set version may add others."""

    ENTERPRISE = "enterprise", "Enterprise"
    MID_MARKET = "mid_market", "Mid-market"
    SMB = "smb", "SMB"
    PARTNER = "partner", "Partner"


class RoleCode(models.TextChoices):
    """Offices that escalations, approvals and alerts are addressed to."""

    MARKETING_MANAGER = "marketing_manager", "Marketing manager"
    SALES_MANAGER = "sales_manager", "Sales manager"
    CS_MANAGER = "cs_manager", "CS manager"
    REVOPS_MANAGER = "revops_manager", "RevOps manager"
    REVOPS_DIRECTOR = "revops_director", "RevOps director"
    CRO = "cro", "Chief revenue officer"


_SHORT = {
    HandoffType.MQL_TO_SALES: "MQL",
    HandoffType.SQL_TO_AE: "SQL",
    HandoffType.CLOSED_TO_CS: "Closed won",
    HandoffType.EXPANSION_TO_SALES: "Expansion",
}
_RECEIVING = {
    HandoffType.MQL_TO_SALES: frozenset({Function.SDR, Function.AE}),
    HandoffType.SQL_TO_AE: frozenset({Function.AE}),
    HandoffType.CLOSED_TO_CS: frozenset({Function.CSM}),
    HandoffType.EXPANSION_TO_SALES: frozenset({Function.AM, Function.AE}),
}
_SENDING = {
    HandoffType.MQL_TO_SALES: frozenset({Function.MARKETING}),
    HandoffType.SQL_TO_AE: frozenset({Function.SDR}),
    HandoffType.CLOSED_TO_CS: frozenset({Function.AE, Function.AM}),
    HandoffType.EXPANSION_TO_SALES: frozenset({Function.CSM}),
}
_ESCALATION = {
    HandoffType.MQL_TO_SALES: RoleCode.MARKETING_MANAGER,
    HandoffType.SQL_TO_AE: RoleCode.SALES_MANAGER,
    HandoffType.CLOSED_TO_CS: RoleCode.CS_MANAGER,
    HandoffType.EXPANSION_TO_SALES: RoleCode.REVOPS_MANAGER,
}
