// Polls: what the inbox shows goes along with each, none while nobody looks, and a word when the server stays silent.
"use strict";

(() => {
  const MISSES = 3;
  const PAUSE = 30_000;
  let missed = 0;
  let answered = Date.now();
  let callout = null;

  const isPoll = (elt) => /\bevery\b/.test(elt.getAttribute?.("hx-trigger") || "");
  const data = (id, name) => document.getElementById(id)?.dataset[name] || "";

  document.addEventListener("htmx:configRequest", (event) => {
    const { elt, headers, parameters } = event.detail;
    if (!isPoll(elt)) return;
    headers["X-Background"] = "1"; // does not keep a session alive
    if (elt.id !== "pulse") return;
    const cells = [...document.querySelectorAll("#queue [data-mark]")];
    parameters.marks = cells.map((cell) => `${cell.id.slice(4)}:${cell.dataset.mark}`).join(",");
    parameters.figures = data("figures", "figures");
    parameters.stale = data("stale", "stale");
  });

  document.addEventListener("htmx:beforeRequest", (event) => {
    if (document.hidden && isPoll(event.detail.elt)) event.preventDefault();
  });

  const warn = () => {
    if (callout?.isConnected) return;
    const copy = document.getElementById("outdated").content.cloneNode(true);
    callout = copy.firstElementChild;
    callout.querySelector("[data-since]").textContent = new Date(answered).toTimeString().slice(0, 5);
    document.getElementById("flash").replaceChildren(copy);
  };
  const ask = () => {
    const pulse = document.getElementById("pulse");
    if (pulse) htmx.trigger(pulse, "pulse-now");
  };

  document.addEventListener("htmx:afterRequest", (event) => {
    const { elt, successful, xhr } = event.detail;
    if (!isPoll(elt)) return;
    // An answer that asks to sign in again, or refuses, is an answer; a page behind a lost line is not.
    if (!successful && (!xhr || xhr.status === 0 || xhr.status >= 500)) {
      missed += 1;
      if (missed >= MISSES) warn();
      return;
    }
    missed = 0;
    answered = Date.now();
    callout?.remove();
    callout = null;
  });

  addEventListener("offline", () => {
    missed = MISSES;
    if (document.getElementById("pulse")) warn();
  });
  addEventListener("online", ask);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && Date.now() - answered > PAUSE) ask();
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-try]")) ask();
  });
})();
