// English and French fieldsets that follow each other become two tabs. Without this file both simply stand on the page.
"use strict";

function makeTabs(english, french) {
  const bar = document.createElement("div");
  bar.className = "language-tabs";
  bar.setAttribute("role", "tablist");
  const tabs = [english, french].map((panel, index) => {
    const heading = panel.querySelector("h2, h3, h4");
    const tab = document.createElement("button");
    tab.type = "button";
    tab.setAttribute("role", "tab");
    tab.textContent = heading.textContent.trim();
    heading.hidden = true;
    panel.id = panel.id || `language-panel-${Math.random().toString(36).slice(2)}`;
    panel.setAttribute("role", "tabpanel");
    tab.setAttribute("aria-controls", panel.id);
    tab.addEventListener("click", () => show(index));
    tab.addEventListener("keydown", (event) => {
      if (!["ArrowLeft", "ArrowRight"].includes(event.key)) return;
      show(1 - index);
      tabs[1 - index].focus();
    });
    bar.append(tab);
    return tab;
  });
  function show(chosen) {
    [english, french].forEach((panel, index) => {
      panel.hidden = index !== chosen;
      tabs[index].setAttribute("aria-selected", String(index === chosen));
      tabs[index].tabIndex = index === chosen ? 0 : -1;
    });
  }
  english.before(bar);
  const wrong = french.querySelector(".errorlist") && !english.querySelector(".errorlist");
  show(wrong || document.documentElement.lang.startsWith("fr") ? 1 : 0);
}

function tabsIn(root) {
  root.querySelectorAll("fieldset.language-en").forEach((english) => {
    const french = english.nextElementSibling;
    const isTemplate = english.closest(".empty-form");
    const done = english.previousElementSibling?.classList.contains("language-tabs");
    if (french?.classList.contains("language-fr") && !isTemplate && !done) makeTabs(english, french);
  });
}

document.addEventListener("DOMContentLoaded", () => tabsIn(document));
document.addEventListener("formset:added", (event) => tabsIn(event.target));
