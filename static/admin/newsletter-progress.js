// Keeps the progress of a sending up to date. Without JavaScript, the page has a link that loads it again.
"use strict";

const REFRESH_EVERY_MS = 4000;
const box = document.querySelector("[data-progress]");
const announcement = document.querySelector("[data-announcement]");
const refreshLink = document.querySelector("[data-refresh]");

// Replace the figures only, so that a button keeps the focus. If the state has changed, replace the buttons too.
function show(fresh) {
  const shown = box.querySelector("[data-state]");
  if (fresh.dataset.state === shown.dataset.state) {
    shown.querySelector("[data-figures]").replaceWith(fresh.querySelector("[data-figures]"));
  } else {
    const hadFocus = shown.contains(document.activeElement);
    shown.replaceWith(fresh);
    if (hadFocus) fresh.querySelector("a, [type=submit]").focus();
  }
  // Screen readers announce it only when the words change: every tenth of the way, and when the state changes.
  const words = box.querySelector("[data-words]").textContent.trim();
  if (announcement.textContent !== words) announcement.textContent = words;
}

// Returns whether to ask again: not once the sending is over, or if the answer is not the figures (signed out, for example).
async function refresh() {
  if (document.hidden) return true;
  let response;
  try {
    response = await fetch(box.dataset.progress, { redirect: "manual" });
  } catch {
    return true; // no network just now
  }
  if (response.status >= 500) return true;
  if (!response.ok) return false;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const fresh = page.querySelector("[data-state]");
  if (fresh) show(fresh);
  return Boolean(fresh) && fresh.dataset.state !== "over";
}

async function keepFresh() {
  if (await refresh()) setTimeout(keepFresh, REFRESH_EVERY_MS);
  else refreshLink.hidden = box.querySelector("[data-state]").dataset.state === "over";
}

if (box && box.querySelector("[data-state]").dataset.state !== "over") {
  refreshLink.hidden = true;
  setTimeout(keepFresh, REFRESH_EVERY_MS);
}
