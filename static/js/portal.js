// Every page works without this file. It adds times in the reader's zone, their registration, their menu and shorter forms.
"use strict";

const cookies = new Map(document.cookie.split("; ").map((pair) => pair.split("=")));
const account = document.querySelector("[data-account]");

// Public pages are the same for all readers in one time zone. On the first visit, save the browser's zone in a cookie and
// reload the part of the page that shows times. Later pages include times in that zone.
function saveZone() {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!zone || cookies.has("zone")) return;
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `zone=${zone}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
  if (document.cookie.includes("zone=")) refreshTimes();
}

async function refreshTimes() {
  const main = document.querySelector("main[data-shows-times]");
  if (!main || main.contains(document.activeElement) || document.querySelector(".note")) return;
  const page = await fetchPage(location.href);
  const fresh = page && page.querySelector("main");
  if (fresh && !main.contains(document.activeElement)) main.replaceChildren(...fresh.childNodes);
  showPanel();
  showCopyButtons();
}

// For signed-in people, replace the registration panel with their own, which shows their registration or one-click registering.
async function showPanel() {
  const panel = document.querySelector("[data-panel]");
  if (!panel || !cookies.has("known")) return;
  const page = await fetchPage(panel.dataset.panel);
  if (page && page.body.children.length) panel.replaceChildren(...page.body.childNodes);
}

// Parts of a page that another app serves. An empty answer means that there is nothing to show. Without one, the link stays.
async function showFragments() {
  for (const part of document.querySelectorAll("[data-fragment]")) {
    const page = await fetchPage(part.dataset.fragment);
    if (page) part.replaceChildren(...page.body.childNodes);
    part.dataset.loaded = "";
  }
}

// In the header, replace the sign-in link with their name and menu.
async function showAccount() {
  const page = await fetchPage(account.dataset.account);
  if (!page || !page.body.children.length) return;
  const hadFocus = account.contains(document.activeElement);
  account.replaceChildren(...page.body.childNodes);
  if (hadFocus) account.querySelector("summary, a").focus();
}

// Close the menu on Escape, which moves the focus back to its button, or when the reader clicks or tabs elsewhere.
function closeMenu({ focus = false } = {}) {
  const menu = account.querySelector("details[open]");
  if (!menu) return;
  menu.open = false;
  if (focus) menu.querySelector("summary").focus();
}

function watchMenu() {
  account.addEventListener("keydown", (event) => { if (event.key === "Escape") closeMenu({ focus: true }); });
  account.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !account.contains(event.relatedTarget)) closeMenu();
  });
  document.addEventListener("click", (event) => { if (!account.contains(event.target)) closeMenu(); });
  // a page restored by the back button may still show someone who has signed out
  window.addEventListener("pageshow", (event) => { if (event.persisted) showAccount(); });
}

async function fetchPage(url) {
  try {
    const response = await fetch(url, { credentials: "same-origin" });
    return response.ok ? new DOMParser().parseFromString(await response.text(), "text/html") : null;
  } catch {
    return null; // offline: the page stays as it is
  }
}

// Move the focus to the error summary, so that screen readers read it first.
function focusSummary() {
  const summary = document.querySelector(".summary[tabindex]");
  if (summary) summary.focus();
}

// Hide the empty rows after the first two. A button shows them one by one.
function foldRows() {
  const more = document.querySelector("[data-rows] [data-more]");
  if (!more) return;
  const empty = [...document.querySelectorAll("[data-row]")].filter((row, n) => n > 1 && ![...row.querySelectorAll("input")].some((input) => input.value));
  empty.forEach((row) => { row.hidden = true; });
  more.hidden = empty.length === 0;
  more.querySelector("button").addEventListener("click", () => {
    const row = empty.shift();
    row.hidden = false;
    row.querySelector("input").focus();
    more.hidden = empty.length === 0;
  });
}

// Buttons that copy the text in data-copy, and confirm it in the next element. Browsers allow this only on secure pages.
function showCopyButtons() {
  if (!navigator.clipboard) return;
  document.querySelectorAll("[data-copy]").forEach((button) => { button.hidden = false; });
}

async function copyText(event) {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const status = button.nextElementSibling;
  status.textContent = ""; // so that screen readers announce a second copy too
  await navigator.clipboard.writeText(button.dataset.copy);
  status.textContent = button.dataset.copied;
}

// Signing in in another tab renews the token against forged forms. A page that asks people to do that sends the new one.
// Other pages ask before they send again, because someone else may have signed in (echo_portal/views.py, csrf_failure).
function renewToken(event) {
  if (!event.target.matches("[data-renew-token]")) return;
  const field = event.target.querySelector("input[name=csrfmiddlewaretoken]");
  const current = document.cookie.match(/(?:^|; )csrftoken=(\w+)/);
  if (field && current) field.value = current[1];
}

document.addEventListener("submit", renewToken);
document.addEventListener("click", copyText);
if (account) {
  watchMenu();
  if (cookies.has("known") && !account.querySelector("details")) showAccount();
}
saveZone();
showPanel();
showFragments();
showCopyButtons();
foldRows();
focusSummary();
