"use strict";
// Live progress of a run, the choice of all rows of a table, copying and printing. Pages work without it.

function showProgress(box, now) {
  const bar = box.querySelector(".hub-bar");
  bar.classList.toggle("hub-unknown", now.active && now.share === null);
  bar.setAttribute("aria-valuenow", now.share === null ? "" : now.share);
  bar.firstElementChild.style.width = (now.share === null ? 30 : now.share) + "%";
  for (const field of box.querySelectorAll("[data-field]")) {
    const value = now[field.dataset.field];
    field.textContent = typeof value === "number" ? value.toLocaleString("en-US") : value;
  }
  const badge = box.querySelector(".hub-badge");
  badge.className = "hub-badge hub-" + now.tone;
  badge.textContent = now.state;
}

async function follow(box) {
  try {
    const answer = await fetch(box.dataset.progress, { headers: { Accept: "application/json" }, credentials: "same-origin" });
    if (answer.ok) {
      const now = await answer.json();
      showProgress(box, now);
      if (!now.active) {
        for (const one of document.querySelectorAll("[data-while-active]")) one.remove();
        return;
      }
    } else if (answer.status < 500) {
      return;
    }
  } catch {
    // The next round tries again.
  }
  setTimeout(() => follow(box), document.hidden ? 5000 : 1000);
}

function chooseAll(master) {
  for (const box of master.closest("table").querySelectorAll('tbody input[type="checkbox"]')) box.checked = master.checked;
}

function copy(button) {
  navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim()).then(() => {
    const words = button.textContent;
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = words; }, 1500);
  });
}

document.addEventListener("DOMContentLoaded", () => {
  for (const box of document.querySelectorAll("[data-progress][data-active]")) follow(box);
  for (const master of document.querySelectorAll("[data-choose-all]")) master.addEventListener("change", () => chooseAll(master));
  for (const button of document.querySelectorAll("[data-copy]")) button.addEventListener("click", () => copy(button));
  for (const button of document.querySelectorAll("[data-print]")) button.addEventListener("click", () => window.print());
});
