// The form for a series works without this file. It warns before work is lost, here and on the pages that ask something
// before the form is saved, ignores a second click on a button, and keeps the language meters up to date.
"use strict";

const editor = document.querySelector("[data-editor]");
const plurals = new Intl.PluralRules(document.documentElement.lang);

// Warn when someone leaves with changes that are not saved (browsers show their own words), and send the form only once.
function watchForm() {
  let isDirty = "dirty" in editor.dataset, isSending = false;
  editor.addEventListener("input", () => { isDirty = true; });
  editor.addEventListener("submit", (event) => {
    if (isSending) event.preventDefault();
    isSending = true;
  });
  window.addEventListener("pageshow", () => { isSending = false; }); // also when the back button restores the page
  window.addEventListener("beforeunload", (event) => { if (isDirty && !isSending) event.preventDefault(); });
}

// A text counts if it is required or written in one of the languages, as in the meter that the server shows.
function updateMeters() {
  const pairs = [...document.querySelectorAll("[data-pair]")].map((pair) => {
    const isWritten = (language) => pair.querySelector(`[data-language=${language}]`).value.trim() !== "";
    return { isRequired: pair.dataset.pair === "required", en: isWritten("en"), fr: isWritten("fr") };
  });
  const counted = pairs.filter((pair) => pair.isRequired || pair.en || pair.fr);
  document.querySelectorAll("[data-meter]").forEach((meter) => {
    const done = counted.filter((pair) => pair[meter.dataset.meter]).length;
    const count = meter.querySelector("[data-count]"), isOne = plurals.select(done) === "one";
    const pattern = isOne ? count.dataset.one : count.dataset.other;
    count.textContent = pattern.replace("{done}", done).replace("{total}", counted.length);
    const bar = meter.querySelector("meter");
    bar.max = counted.length;
    bar.value = done;
  });
}

// Open the part of the form that a link in the error summary leads into.
function openParts(event) {
  const link = event.target.closest('a[href^="#"]');
  const target = link && document.getElementById(link.hash.slice(1));
  const part = target && target.closest("details");
  if (part) part.open = true;
}

if (editor) {
  watchForm();
  editor.addEventListener("input", updateMeters);
  document.addEventListener("click", openParts);
}
