"""What is asked before somebody's turns are set by hand."""

from __future__ import annotations

from django import forms

from routing import turns
from routing.admin_base import BaseDialogForm, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

NOT_TURNS = "Turns are a number with at most four decimals, such as 12.5."
TOO_MANY = f"Turns are a number between -{turns.MOST_TURNS:,} and {turns.MOST_TURNS:,}."


class CalibrateForm(BaseDialogForm):
    """Where the member is to stand, in turns of weight one, and why."""

    turns = forms.DecimalField(
        label="Turns per weight",
        max_value=turns.MOST_TURNS,
        min_value=-turns.MOST_TURNS,
        decimal_places=4,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal"}),
        error_messages=dict.fromkeys(("required", "invalid", "max_digits", "max_decimal_places"), NOT_TURNS)
        | dict.fromkeys(("min_value", "max_value"), TOO_MANY),
        help_text="The same as another member's number puts both level; fewer than all others, also fewer than none, "
        "gives this member every turn until the others are reached",
    )
    reason = forms.CharField(
        label="Why",
        max_length=200,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        error_messages={"required": "Say in a sentence why.", "max_length": "Say it in 200 characters or fewer."},
    )
