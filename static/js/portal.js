// Every page works without this file. It adds: times in the reader's own zone, their own place in a series, their menu, shorter forms.
"use strict";

const cookies = new Map(document.cookie.split("; ").map((pair) => pair.split("=")));
const account = document.querySelector("[data-account]");

// Public pages are the same for all readers of a zone. On the first visit the browser tells its zone in a cookie, and what
// shows times is asked for once more; from then on the server answers with both times at once.
function tellZone() {
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

// Someone who has signed in sees their own place in the series, or registers with one click.
async function showPanel() {
  const panel = document.querySelector("[data-panel]");
  if (!panel || !cookies.has("known")) return;
  const page = await fetchPage(panel.dataset.panel);
  if (page && page.body.children.length) panel.replaceChildren(...page.body.childNodes);
}

// In the header, too: their name and their menu instead of the link that is the same for everyone.
async function showAccount() {
  const page = await fetchPage(account.dataset.account);
  if (!page || !page.body.children.length) return;
  const hadFocus = account.contains(document.activeElement);
  account.replaceChildren(...page.body.childNodes);
  if (hadFocus) account.querySelector("summary, a").focus();
}

// The menu closes on Escape, which gives the focus back, and when the reader goes elsewhere.
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
  // a page that "back" brings again as it was may show someone who has signed out since
  window.addEventListener("pageshow", (event) => { if (event.persisted) showAccount(); });
}

async function fetchPage(address) {
  try {
    const response = await fetch(address, { credentials: "same-origin" });
    return response.ok ? new DOMParser().parseFromString(await response.text(), "text/html") : null;
  } catch {
    return null; // offline: the page stays as it is
  }
}

// What is wrong in a form is read out first.
function focusSummary() {
  const summary = document.querySelector(".summary[tabindex]");
  if (summary) summary.focus();
}

// Ten empty rows are a lot on a phone: those that are empty are shown one by one.
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

// A button that copies the text in its data-copy; the element after it says so. Browsers allow it on secure pages only.
function showCopyButtons() {
  if (!navigator.clipboard) return;
  document.querySelectorAll("[data-copy]").forEach((button) => { button.hidden = false; });
}

async function copyText(event) {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const status = button.nextElementSibling;
  status.textContent = ""; // so that a second copy is read out too
  await navigator.clipboard.writeText(button.dataset.copy);
  status.textContent = button.dataset.copied;
}

document.addEventListener("click", copyText);
if (account) {
  watchMenu();
  if (cookies.has("known") && !account.querySelector("details")) showAccount();
}
tellZone();
showPanel();
showCopyButtons();
foldRows();
focusSummary();
