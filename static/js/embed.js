// For hub partners' own sites. Gives each frame with our list of sessions the height of what it shows. Without this file, frames
// keep the height that the page gave them and scroll.
"use strict";

(() => {
  const origin = new URL(document.currentScript.src).origin;
  const frames = () => [...document.querySelectorAll("iframe")].filter((frame) => frame.src.startsWith(`${origin}/embed/`));

  window.addEventListener("message", (event) => {
    if (event.origin !== origin || event.data?.type !== "echo-height" || !Number.isFinite(event.data.height)) return;
    const frame = frames().find((one) => one.contentWindow === event.source);
    if (frame) frame.style.height = `${Math.ceil(event.data.height)}px`;
  });

  // a frame that was loaded before this file has already told its height
  frames().forEach((frame) => frame.contentWindow.postMessage({ type: "echo-ask-height" }, "*"));
})();
