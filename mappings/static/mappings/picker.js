// One list of a schema's fields, shown under whichever input is being filled: search by path or label, type, required mark.
(() => {
  const held = document.getElementById("tl-fields");
  if (!held) return;
  const fields = JSON.parse(held.textContent);
  const MOST = 60;
  const list = document.createElement("div");
  list.className = "tl-picker";
  list.id = "tl-picker";
  list.setAttribute("role", "listbox");
  list.hidden = true;
  document.querySelector(".tl").append(list);
  let input = null;
  let at = -1;

  const fits = (field, words) => words.every((word) => `${field.path} ${field.label}`.toLowerCase().includes(word));

  const row = (field, place) => {
    const option = document.createElement("div");
    option.setAttribute("role", "option");
    option.id = `tl-picker-${place}`;
    option.dataset.path = field.path;
    option.title = field.help || "";
    const path = document.createElement("code");
    path.textContent = field.path;
    const label = document.createElement("small");
    label.textContent = field.label;
    const type = document.createElement("span");
    type.className = "tl-badge";
    type.textContent = field.type;
    option.append(path, label, type);
    if (field.required) {
      const star = document.createElement("span");
      star.className = "tl-required";
      star.title = "required";
      star.textContent = "*";
      path.after(star);
    }
    return option;
  };

  const close = () => {
    list.hidden = true;
    at = -1;
    if (input) input.setAttribute("aria-expanded", "false");
  };

  const place = () => {
    const box = input.getBoundingClientRect();
    const frame = list.offsetParent ? list.offsetParent.getBoundingClientRect() : { left: -window.scrollX, top: -window.scrollY };
    list.style.left = `${box.left - frame.left}px`;
    list.style.top = `${box.bottom - frame.top + 2}px`;
  };

  const show = (everything) => {
    const words = everything ? [] : input.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = (fields[input.dataset.pick] || []).filter((field) => fits(field, words)).slice(0, MOST);
    list.replaceChildren(...found.map(row));
    list.hidden = found.length === 0;
    at = -1;
    input.setAttribute("aria-expanded", String(!list.hidden));
    if (!list.hidden) place();
  };

  const mark = (next) => {
    const options = [...list.children];
    if (!options.length) return;
    at = (next + options.length) % options.length;
    options.forEach((option, index) => option.setAttribute("aria-selected", String(index === at)));
    options[at].scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", options[at].id);
  };

  const choose = (option) => {
    input.value = option.dataset.path;
    input.dispatchEvent(new Event("input", { bubbles: true }));
    input.dispatchEvent(new Event("change", { bubbles: true }));
    close();
  };

  document.addEventListener("focusin", (event) => {
    if (!event.target.matches("[data-pick]")) return;
    input = event.target;
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-controls", "tl-picker");
    input.setAttribute("aria-autocomplete", "list");
    show(true);
  });
  document.addEventListener("focusout", () => setTimeout(() => { if (document.activeElement !== input) close(); }, 120));
  document.addEventListener("input", (event) => {
    if (event.target === input && event.isTrusted) show(false);
  });
  document.addEventListener("keydown", (event) => {
    if (event.target !== input) return;
    if (event.key === "ArrowDown") { event.preventDefault(); if (list.hidden) show(true); mark(at + 1); }
    else if (event.key === "ArrowUp") { event.preventDefault(); mark(at - 1); }
    else if (event.key === "Escape") { close(); }
    else if (event.key === "Enter" && !list.hidden && at >= 0) { event.preventDefault(); choose(list.children[at]); }
  });
  list.addEventListener("mousedown", (event) => {
    event.preventDefault();
    const option = event.target.closest("[role=option]");
    if (option) choose(option);
  });
})();
