// Theme, copying, folding, and a sentence when a request is lost. Every page works without it.
"use strict";

document.addEventListener("click", (event) => {
  const toggle = event.target.closest("[data-theme-toggle]");
  if (!toggle) return;
  event.preventDefault();
  const root = document.documentElement;
  const shown = root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  root.dataset.theme = shown === "dark" ? "light" : "dark";
  const secure = location.protocol === "https:" ? ";secure" : "";
  document.cookie = `theme=${root.dataset.theme};path=/;max-age=31536000;samesite=lax${secure}`;
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const text = document.getElementById(button.dataset.copy).textContent;
  const label = button.querySelector("[data-label]");
  try {
    await navigator.clipboard.writeText(text);
    label.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(document.getElementById(button.dataset.copy));
    label.textContent = "Selected: press Ctrl+C";
  }
});

// On a phone the long sections start folded; without this script they are simply open.
document.addEventListener("htmx:load", (event) => {
  if (!matchMedia("(max-width: 44rem)").matches) return;
  for (const section of event.detail.elt.querySelectorAll("details[data-fold]")) section.open = false;
});

// A lost action says so at once. Lost polls are counted in pulse.js.
for (const kind of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(kind, (event) => {
    if (event.detail.requestConfig.headers["X-Background"]) return;
    document.getElementById("flash").replaceChildren(document.getElementById("lost").content.cloneNode(true));
  });
}
