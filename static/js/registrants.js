// Selecting people one by one works without this file. It adds a checkbox that selects everyone on the page.
"use strict";

const selectAll = document.querySelector("[data-select-all]");
const people = [...document.querySelectorAll("input[name=person]")];

// The checkbox is ticked if everyone is selected, and shows a dash if only some are.
function showSelected() {
  const selected = people.filter((person) => person.checked).length, checkbox = selectAll.querySelector("input");
  checkbox.checked = selected === people.length;
  checkbox.indeterminate = selected > 0 && selected < people.length;
}

if (selectAll && people.length > 1) {
  selectAll.hidden = false;
  selectAll.addEventListener("change", (event) => {
    people.forEach((person) => { person.checked = event.target.checked; });
  });
  people.forEach((person) => person.addEventListener("change", showSelected));
  window.addEventListener("pageshow", showSelected); // the back button restores what was selected
}
