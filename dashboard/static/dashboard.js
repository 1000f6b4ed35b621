// Follows running runs: asks each for its progress and writes the numbers into the page. Without it the page reloads itself (noscript).
"use strict";

const EVERY_MS = 2000;
const number = new Intl.NumberFormat("en-US");

function plural(count, one) {
  return `${number.format(count)} ${one}${count === 1 ? "" : "s"}`;
}

function write(section, field, text) {
  const element = section.querySelector(`[data-field="${field}"]`);
  if (element.textContent !== text) element.textContent = text;
}

function showLane(section, side, done, total) {
  const bar = section.querySelector(`[data-bar="${side}"]`);
  if (total) {
    bar.max = total;
    bar.value = Math.min(done, total);
  } else {
    bar.removeAttribute("value");
  }
  write(section, side, total === null ? `${number.format(done)} tests` : `${number.format(done)} of ${number.format(total)} tests`);
}

function show(section, progress) {
  write(section, "step", progress.step ?? "starting");
  showLane(section, "legacy", progress.legacy_done, progress.total);
  showLane(section, "shadow", progress.shadow_done, progress.total);
  const pair = progress.pair ? `, confirmation pair ${progress.pair}` : "";
  write(section, "candidates", progress.candidates ? plural(progress.candidates, "candidate") + pair : "no candidates yet");
}

async function follow(section) {
  let state = "running";
  try {
    const answer = await fetch(section.dataset.progress, { cache: "no-store" });
    if (answer.ok) {
      const progress = await answer.json();
      state = progress.state;
      if (state === "running") show(section, progress);
      section.classList.remove("stale");
    } else {
      section.classList.add("stale");
    }
  } catch {
    section.classList.add("stale"); // the dashboard was ended; it may come back
  }
  if (state !== "running") {
    window.location.reload();
    return;
  }
  window.setTimeout(() => follow(section), EVERY_MS);
}

for (const section of document.querySelectorAll("[data-progress]")) follow(section);
