// The dialog that forms open in, and the toasts that say what was done. Without it every form is a page of its own.
"use strict";

(() => {
  const dialog = document.getElementById("dialog");
  let opener = "";

  const shut = () => {
    if (dialog.open) dialog.close();
  };

  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.target === dialog && !dialog.open) opener = event.detail.elt.id;
  });

  // An answer without content means that it is done.
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target?.id === "flash") shut();
    if (event.detail.target !== dialog) return;
    if (!dialog.firstElementChild) return shut();
    if (!dialog.open) dialog.showModal();
    (dialog.querySelector('[aria-invalid="true"]') || dialog.querySelector("[autofocus]"))?.focus();
  });

  dialog.addEventListener("click", (event) => {
    // The backdrop counts as the dialog itself; a click there closes only what holds nothing typed.
    const typed = [...dialog.querySelectorAll("textarea:not([readonly])")].some((field) => field.value.trim());
    const outside = event.target === dialog && !typed;
    if (!outside && !event.target.closest("[data-close]")) return;
    event.preventDefault();
    shut();
  });

  dialog.addEventListener("close", () => dialog.replaceChildren());

  // What was pressed may have been drawn anew meanwhile: focus goes to its successor, else to what comes next.
  document.addEventListener("htmx:afterSettle", () => {
    if (dialog.open || !opener || document.activeElement !== document.body) return;
    const next = document.getElementById(opener) || document.querySelector("#handoff [data-verb]") || document.getElementById("main");
    opener = "";
    next?.focus({ preventScroll: true });
  });

  // Behind a modal dialog nobody sees the page's own sentence about a lost request.
  for (const kind of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(kind, () => {
      const said = dialog.open && dialog.querySelector("[data-said]");
      if (!said) return;
      said.textContent = document.getElementById("lost").content.textContent.trim();
      said.hidden = false;
    });
  }

  // After signing in anew in another tab the forms of this one are valid again.
  document.addEventListener("csrf-token", (event) => {
    for (const field of document.querySelectorAll("[name=csrfmiddlewaretoken]")) field.value = event.detail.value;
  });

  // A toast stays ten seconds, as long as an acknowledgement can be undone, and longer while somebody looks at it.
  // There are at most three, the newest last.
  const STAYS = 10_000;
  const MOST = 3;
  const expire = (toast) => {
    const looked = toast.matches(":hover, :focus-within") && !toast.querySelector("[data-undo]");
    if (looked) setTimeout(() => expire(toast), 2_000);
    else toast.remove();
  };
  new MutationObserver((changes) => {
    for (const toast of changes.flatMap((change) => [...change.addedNodes])) {
      if (toast instanceof HTMLElement) setTimeout(() => expire(toast), STAYS);
    }
    const shown = [...document.querySelectorAll("#toasts > *")];
    for (const oldest of shown.slice(0, -MOST)) oldest.remove();
  }).observe(document.getElementById("toasts"), { childList: true });

  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.successful) event.detail.elt.closest?.("[data-toast]")?.remove();
  });
})();
