"""The firm at work: the engine on real rows, chat and mail as processes of their own, read from their ledgers."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from handoffs import engine, pipeline, timeline, triggers
from handoffs.models import Account, Deal, Delivery, Handoff
from routing.models import HandoffType, Rep
from tests.factories import Company
from tests.fakes.fixtures import Fake


@dataclass(frozen=True, kw_only=True)
class Posted:
    """A message as Slack has it: the conversation's name or person, and the words, block by block."""

    to: str
    title: str
    words: str
    link: str
    rings_for: tuple[str, ...]
    key: str


@dataclass(frozen=True, kw_only=True)
class Office:
    """The firm, its chat, its mail and its product-usage system."""

    firm: Company
    slack: Fake
    resend: Fake
    lifecycle: Fake

    def sweep(self, *, at: datetime) -> None:
        """Lets the engine look at the CRM and do all that is due at `at`, until nothing is."""
        triggers.start_due(now=at)
        for _ in range(50):
            if not engine.sweep(now=at, clock=lambda: at):
                return
        raise AssertionError("The engine never came to rest.")

    def receive(
        self, handoff_type: HandoffType, account: Account, deal: Deal | None, *, now: datetime, **more: Any
    ) -> Handoff:
        """A handoff that somebody starts by hand."""
        handoff, _ = pipeline.receive(
            handoff_type=handoff_type,
            account=account,
            deal=deal,
            origin=Handoff.Origin.PAGE,
            now=now,
            actor=self.actor("ben"),
            **more,
        )
        return handoff

    def handoff(self) -> Handoff:
        """The only handoff there is, as it stands now."""
        return Handoff.objects.get()

    def every_handoff(self) -> list[Handoff]:
        """All handoffs, the first one first."""
        return list(Handoff.objects.order_by("pk"))

    def product_knows_astrid(self) -> None:
        """The customer's primary contact uses the product: adopted since yesterday, activated before."""
        usage = {
            "stage": "adopted",
            "as_of": "2026-11-16T09:00:00+00:00",
            "active_users": 21,
            "seats": 25,
            "metrics": {"pipelines": 41},
            "history": [{"stage": "activated", "since": "2026-11-05T09:00:00+00:00"}],
        }
        self.lifecycle.script(users={"pu-astrid": usage})

    def person(self, key: str) -> Rep:
        return self.firm.reps[key]

    def actor(self, key: str) -> str:
        return f"user:{self.firm.user(key).pk}"

    def posted(self) -> list[Posted]:
        """Every message on Slack, oldest first."""
        return [_posted(effect) for effect in self.slack.effects(path="chat.postMessage")]

    def mails(self) -> list[dict[str, Any]]:
        """Every mail at Resend, oldest first."""
        return self.resend.effects(path="/emails")

    def deliveries(self, **fields: Any) -> dict[tuple[str, str], str]:
        """The outbox: state by (purpose, channel); without updates of messages that are there."""
        rows = Delivery.objects.filter(**fields).exclude(purpose__in=Delivery.SILENT).order_by("id")
        return {(row.purpose, row.channel): row.state for row in rows}

    def log(self) -> list[str]:
        """The handoff's log as people read it: "who: what"."""
        return [f"{line.actor}: {line.text}" for line in timeline.sentences(self.handoff().stream)]


def headings(markdown: str) -> list[str]:
    """The headings of a document, in order."""
    return [line for line in markdown.splitlines() if line.startswith("#")]


def section(markdown: str, heading: str) -> list[str]:
    """The lines under one heading, without the empty ones."""
    after = markdown.split(f"{heading}\n", 1)[1].splitlines()
    until = next((place for place, line in enumerate(after) if line.startswith("#")), len(after))
    return [line for line in after[:until] if line]


def _posted(effect: dict[str, Any]) -> Posted:
    channel, message = effect["channel"], effect["message"]
    words: list[str] = []
    title = link = ""
    for block in message["blocks"]:
        if block["type"] == "header":
            title = block["text"]["text"]
        elif block["type"] == "actions":
            link = next(button["url"] for button in block["elements"] if "url" in button)
        else:
            parts = [block.get("text"), *block.get("fields", ()), *block.get("elements", ())]
            words += [part["text"] for part in parts if part]
    return Posted(
        to=f"#{channel['name']}" if channel["is_channel"] else channel["user"],
        title=title,
        words="\n".join(words),
        link=link,
        rings_for=tuple(effect["notified"]),
        key=message["metadata"]["event_payload"]["delivery_key"],
    )
