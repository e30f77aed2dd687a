"""The addresses of the API."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path, re_path

from handoffs.api import describing, directory, documents, handoffs, owning, sending
from handoffs.api.nowhere import NothingHere

HANDOFF = "handoffs/<str:handoff>/"

version_1: list[URLPattern] = [
    path("handoffs/", handoffs.HandoffsView.as_view(), name="handoffs"),
    path(HANDOFF, handoffs.HandoffView.as_view(), name="handoff"),
    path(f"{HANDOFF}package/", documents.PackageView.as_view(), name="package"),
    path(f"{HANDOFF}response/", documents.ResponseView.as_view(), name="response"),
    path(f"{HANDOFF}events/", documents.EventsView.as_view(), name="events"),
    path(f"{HANDOFF}acknowledge/", owning.AcknowledgeView.as_view(), name="acknowledge"),
    path(f"{HANDOFF}take/", owning.TakeView.as_view(), name="take"),
    path(f"{HANDOFF}undo-acknowledge/", owning.UndoAcknowledgeView.as_view(), name="undo_acknowledge"),
    path(f"{HANDOFF}contact/", owning.ContactView.as_view(), name="contact"),
    path(f"{HANDOFF}meeting/", owning.MeetingView.as_view(), name="meeting"),
    path(f"{HANDOFF}return/", owning.ReturnView.as_view(), name="return"),
    path(f"{HANDOFF}outcome/", owning.OutcomeView.as_view(), name="outcome"),
    path(f"{HANDOFF}resubmit/", sending.ResubmitView.as_view(), name="resubmit"),
    path(f"{HANDOFF}withdraw/", sending.WithdrawView.as_view(), name="withdraw"),
    path(f"{HANDOFF}reassign/", sending.ReassignView.as_view(), name="reassign"),
    path(f"{HANDOFF}retry/", sending.RetryView.as_view(), name="retry"),
    path(f"{HANDOFF}gaps/<str:key>/", sending.GapView.as_view(), name="gap"),
    path("accounts/", directory.AccountsView.as_view(), name="accounts"),
    path("accounts/<str:account>/", directory.AccountView.as_view(), name="account"),
    path("reps/", directory.RepsView.as_view(), name="reps"),
    path("reps/<str:rep>/", directory.RepView.as_view(), name="rep"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("v1/", include((version_1, "api"))),
    path("schema/", describing.SchemaView.as_view(), name="schema"),
    path("docs/", describing.docs, name="api_docs"),
    re_path("^.*$", NothingHere.as_view(), name="api_nothing"),
]
