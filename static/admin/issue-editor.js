// Adds buttons that insert blocks and pictures, and a live preview, to the two texts of an issue. Without JavaScript, the
// button "Save and preview" shows the same.
"use strict";

const WAIT_MS = 400;

function insert(field, words) {
  const before = field.value.slice(0, field.selectionStart).replace(/\n+$/, "");
  const after = field.value.slice(field.selectionEnd).replace(/^\n+/, "");
  field.value = `${before ? `${before}\n\n` : ""}${words}\n${after ? `\n${after}` : ""}`;
  const place = field.value.length - (after ? after.length + 1 : 0);
  field.setSelectionRange(place, place);
  field.focus();
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

function addEditor(field, language, template) {
  const editor = template.content.cloneNode(true).firstElementChild;
  const shown = editor.querySelector(".editor-preview");
  shown.lang = `${language}-CA`;
  shown.ariaLabel = shown.getAttribute(`data-label-${language}`);
  editor.querySelectorAll("[data-block]").forEach((button) => {
    button.addEventListener("click", () => insert(field, button.dataset[language]));
  });
  let latest = 0;
  let timer;
  async function refresh() {
    const number = ++latest;
    const body = new FormData();
    body.append("language", language);
    body.append("issue", template.dataset.issue);
    body.append("body", field.value);
    body.append("csrfmiddlewaretoken", field.form.elements.csrfmiddlewaretoken.value);
    const response = await fetch(template.dataset.url, { method: "POST", body }).catch(() => null);
    // The server has sanitized this HTML, as it does for the email.
    if (response?.ok && number === latest) shown.innerHTML = await response.text();
  }
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(refresh, WAIT_MS);
  });
  field.closest(".flex-container").after(editor);
  refresh();
}

document.addEventListener("DOMContentLoaded", () => {
  const template = document.getElementById("issue-editor");
  if (!template) return;
  ["en", "fr"].forEach((language) => {
    const field = document.getElementById(`id_body_${language}`);
    if (field) addEditor(field, language, template);
  });
});
