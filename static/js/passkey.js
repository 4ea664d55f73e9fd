// Shows a sentence on the page if a passkey could not be used, or the person dismissed the dialog. allauth only logs it.
"use strict";

document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  document.getElementById("passkey_failed").hidden = false;
});
