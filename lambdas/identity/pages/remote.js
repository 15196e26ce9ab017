// A remote's arrows on every page of the issuer's: to what comes next, or before. OK is Enter.
"use strict";

addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || event.shiftKey) return;
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  const from = document.activeElement;
  // What is written in is walked through by left and right, and left by up and down.
  if (/Left|Right/.test(event.key) && from.matches("input")) return;
  const stops = [...document.querySelectorAll("a[href], button, input")].filter(
    (stop) => stop.getClientRects().length > 0,
  );
  const at = stops.indexOf(from);
  const to = at < 0 ? stops[step > 0 ? 0 : -1] : stops[at + step];
  // At the ends the page scrolls as ever.
  if (!to) return;
  event.preventDefault();
  to.focus();
});
