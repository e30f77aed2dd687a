"""What is asked before somebody is paused from their page."""

from __future__ import annotations

from django import forms

from routing import pausing
from routing.admin_base import BaseDialogForm, UnfoldAdminSelectWidget

UNTIL_RESUMED, RESUME = "until_resumed", "resume"


class PauseForm(BaseDialogForm):
    """For how long, or no longer."""

    how = forms.ChoiceField(
        label="How long",
        choices=[
            *((str(minutes), f"For {minutes} minutes") for minutes in pausing.LENGTHS),
            (UNTIL_RESUMED, "Until resumed"),
            (RESUME, "No longer: back in turn now"),
        ],
        widget=UnfoldAdminSelectWidget(),
        error_messages={"required": "Choose how long.", "invalid_choice": "Choose one of the list."},
    )
