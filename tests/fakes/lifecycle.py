"""A stand-in for a product-usage system: GET /users/<id>/segment?include_history=1.

    python -m tests.fakes.lifecycle --port 0 --data /tmp/fakes

It knows the users that `/_script` {"users": {"<id>": {"stage": ..., "as_of": ..., "history": [...]}}} told it of.
"""

from __future__ import annotations

import sys
from typing import Any
from urllib.parse import unquote

from tests.fakes.exchange import Call, Page, Reply
from tests.fakes.html import STYLE, document, el, join
from tests.fakes.ledger import Row
from tests.fakes.system import FakeSystem
from tests.fakes.wire import serve


class FakeLifecycle(FakeSystem):
    """Only answers questions, so nothing ever takes effect."""

    name = "lifecycle"

    def forget(self) -> None:
        """There is nothing to forget but what was scripted."""

    def apply(self, row: Row) -> None:
        """Nothing takes effect."""

    def key_of(self, call: Call) -> str:
        return ""

    def failure(self, status: int) -> Any:
        return {"error": f"An order to fail with {status} was carried out."}

    def answer(self, call: Call) -> Reply:
        if not call.headers.get("authorization", "").startswith("Bearer lc_"):
            return Reply(status=401, body={"error": "unauthorized"}, outcome="unauthorized")
        match call.path.strip("/").split("/"):
            case ["users", user, "segment"] if call.method == "GET":
                found = self.scripted.get("users", {}).get(unquote(user))
            case _:
                found = None
        if found is None:
            return Reply(status=404, body={"error": "not_found"}, outcome="not_found")
        if call.query.get("include_history") not in {"1", "true"}:
            found = {name: value for name, value in found.items() if name != "history"}
        return Reply(body=found)

    def page(self, call: Call) -> Page | None:
        if call.path == "/style.css":
            return Page(content=STYLE, kind="text/css; charset=utf-8")
        if call.path != "/":
            return None
        asked = [el("li", f"{row['received']} {row['path']}: {row['outcome']}") for row in reversed(self.rows()[-50:])]
        shown = el("ul", *asked) if asked else el("p", "Nobody has asked yet.", class_="empty")
        body = join(el("h1", "Questions asked"), shown)
        return Page(content=document(title="Questions", system="the lifecycle system", body=body))


if __name__ == "__main__":
    sys.exit(serve(FakeLifecycle))
