"""What is asked before somebody's turns are set by hand."""

from __future__ import annotations

from django import forms

from routing import turns
from routing.admin_base import BaseDialogForm, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget


class CalibrateForm(BaseDialogForm):
    """Where the member is to stand, in turns of weight one, and why."""

    turns = forms.DecimalField(
        label="Turns per weight",
        max_value=turns.MOST_TURNS,
        min_value=-turns.MOST_TURNS,
        decimal_places=4,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal"}),
        help_text="The same as another member's number puts both level",
    )
    reason = forms.CharField(
        label="Why",
        max_length=200,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        error_messages={"required": "Say in a sentence why."},
    )
