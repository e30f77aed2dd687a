// The keyboard: one row of the list is selected, and single keys act on it or on the handoff's page.
"use strict";

(() => {
  const VERBS = {
    a: ["acknowledge", "acknowledged"],
    t: ["take", "taken"],
    l: ["log_contact", "marked as contacted"],
    m: ["book_meeting", "given a meeting"],
    r: ["reject", "returned"],
  };
  const FORMS = { log_contact: "contact/", book_meeting: "meeting/", reject: "return/" };
  const TYPING = "input:not([type=checkbox]):not([type=radio]):not([type=submit]), textarea, select, [contenteditable]";
  const SECOND_KEY = 1_200;

  let selected = ""; // the id of the selected row
  let place = -1; // where it stood, for when it is gone
  let hadFocus = false;
  let wentAt = -Infinity; // when G was pressed, which waits for a second key

  const rows = () => [...document.querySelectorAll("#queue .row")];
  const chosen = () => (selected ? document.getElementById(selected) : null);
  const link = (row) => row.querySelector(".acct a");
  const announce = (text) => {
    document.getElementById("announce").textContent = text;
  };

  const select = (row) => {
    for (const other of document.querySelectorAll(".row.selected")) other.classList.remove("selected");
    selected = row ? row.id : "";
    if (!row) return;
    row.classList.add("selected");
    place = rows().indexOf(row);
  };

  // Whatever has the focus is what the keys act on, however it got there.
  document.addEventListener("focusin", (event) => {
    const row = event.target.closest("#queue .row");
    hadFocus = Boolean(row);
    if (row) select(row);
  });

  // A swap keeps the selection, and the focus if it was in the list.
  document.addEventListener("htmx:afterSettle", () => {
    const row = chosen();
    if (!row) return;
    row.classList.add("selected");
    if (hadFocus && document.activeElement === document.body) link(row).focus({ preventScroll: true });
  });

  const move = (step) => {
    const all = rows();
    if (!all.length) return;
    const at = all.indexOf(chosen());
    // Where the row has gone, its successor stands in its place.
    const next = at >= 0 ? at + step : place < 0 ? 0 : step > 0 ? place : place - 1;
    const row = all[Math.min(Math.max(next, 0), all.length - 1)];
    link(row).focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  };

  const act = (key) => {
    const [verb, said] = VERBS[key];
    const row = chosen();
    const scope = row || document.getElementById("handoff");
    if (!scope) return announce("Select a handoff first: J moves to the next one.");
    const control = scope.querySelector(`[data-verb="${verb}"]`);
    if (control) return control.click();
    if (row && FORMS[verb] && row.dataset.verbs.split(" ").includes(verb)) {
      return htmx.ajax("GET", row.dataset.at + FORMS[verb], { source: link(row), target: "#dialog", swap: "innerHTML" });
    }
    announce(`${row ? row.dataset.name : "This handoff"} cannot be ${said} now.`);
  };

  const undo = () => {
    const offer = [...document.querySelectorAll("#toasts [data-undo]")].pop();
    (offer?.matches("button, a") ? offer : offer?.querySelector("button"))?.click();
  };

  const search = () => {
    const box = document.getElementById("q");
    if (!box) return document.querySelector("[data-search]")?.click();
    box.focus();
    box.select();
  };

  const KEYS = {
    j: () => move(1),
    k: () => move(-1),
    z: undo,
    "/": search,
    "?": () => document.getElementById("keys").showModal(),
    Escape: () => {
      select(null);
      document.activeElement.blur();
    },
  };

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (document.body.dataset.keys === "off" || document.querySelector("dialog[open], [popover]:popover-open")) return;
    if (event.target.closest?.(TYPING)) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    const { key } = event;
    if (event.timeStamp - wentAt < SECOND_KEY) {
      wentAt = -Infinity;
      const goal = /^[imd]$/.test(key) && document.querySelector(`[data-go="${key}"]`);
      if (goal) return goal.click();
      if (/^[imd]$/.test(key)) return;
    }
    if (key === "g") wentAt = event.timeStamp;
    else if (Object.hasOwn(VERBS, key) && !event.repeat) act(key);
    else if (Object.hasOwn(KEYS, key)) KEYS[key]();
    else return;
    event.preventDefault();
  });
})();
