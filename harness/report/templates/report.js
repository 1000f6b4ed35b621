"use strict";
(() => {
  const bar = document.getElementById("filter");
  const input = document.getElementById("filter-text");
  if (!bar || !input) return;
  const rows = Array.from(document.querySelectorAll(".pair"), (row) => [row, row.textContent.toLowerCase()]);
  const count = document.getElementById("filter-count");
  const apply = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let found = 0;
    for (const [row, text] of rows) {
      const match = words.every((word) => text.includes(word));
      row.hidden = !match;
      found += match ? 1 : 0;
    }
    for (const section of document.querySelectorAll(".verdict")) {
      section.hidden = words.length > 0 && !section.querySelector(".pair:not([hidden])");
    }
    count.textContent = words.length ? `${found} of ${rows.length} shown` : "";
  };
  let waiting = 0;
  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(apply, 80);
  });
  document.getElementById("open-all").addEventListener("click", () => {
    const visible = rows.map(([row]) => row).filter((row) => !row.hidden);
    const open = !visible.every((row) => row.open);
    for (const row of visible) row.open = open;
  });
  bar.hidden = false;
  apply();
})();
