// Turns an English fieldset and the French one after it into two tabs. Without JavaScript, the page shows both.
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
  const onlyFrenchHasErrors = french.querySelector(".errorlist") && !english.querySelector(".errorlist");
  show(onlyFrenchHasErrors || document.documentElement.lang.startsWith("fr") ? 1 : 0);
}

function makeAllTabs(root) {
  root.querySelectorAll("fieldset.language-en").forEach((english) => {
    const french = english.nextElementSibling;
    const isTemplate = english.closest(".empty-form");
    const hasTabs = english.previousElementSibling?.classList.contains("language-tabs");
    if (french?.classList.contains("language-fr") && !isTemplate && !hasTabs) makeTabs(english, french);
  });
}

document.addEventListener("DOMContentLoaded", () => makeAllTabs(document));
document.addEventListener("formset:added", (event) => makeAllTabs(event.target));
