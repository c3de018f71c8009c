// The draft editor: adding, moving and finding rules. Everything is stored by the form itself.
(() => {
  const form = document.getElementById("tl-draft");
  if (!form) return;
  const rules = document.getElementById("tl-rules");
  const template = document.getElementById("tl-new-rule");
  const total = form.querySelector("[name=rules-TOTAL_FORMS]");
  let dirty = false;

  const all = () => [...rules.querySelectorAll("[data-rule]")];
  const field = (rule, name) => rule.querySelector(`[name$="-${name}"]`);

  const number = () => all().forEach((rule, place) => { rule.querySelector("[data-position]").value = place; });

  const describe = (rule) => {
    const kind = field(rule, "kind").value;
    rule.querySelector(".tl-rule-fields").dataset.kindNow = kind;
    rule.querySelector("[data-show-target]").textContent = field(rule, "target").value || "new rule";
    const steps = field(rule, "steps").value;
    const from = { source: field(rule, "source").value + (steps ? ` | ${steps}` : ""), formula: field(rule, "formula").value, constant: `“${field(rule, "constant").value}”` };
    rule.querySelector("[data-show-from]").textContent = from[kind];
    rule.querySelector("[data-for-default]").hidden = field(rule, "if_empty").value !== "default";
    rule.querySelector("[data-for-wait]").hidden = field(rule, "if_empty").value !== "wait";
    rule.classList.toggle("tl-removed", field(rule, "DELETE").checked);
  };

  const add = (target) => {
    const holder = document.createElement("div");
    holder.innerHTML = template.innerHTML.replaceAll("__prefix__", total.value);
    const rule = holder.firstElementChild;
    total.value = Number(total.value) + 1;
    rules.append(rule);
    field(rule, "target").value = target || "";
    describe(rule);
    number();
    dirty = true;
    const empty = form.querySelector("[data-empty]");
    if (empty) empty.remove();
    rule.scrollIntoView({ block: "center" });
    field(rule, target ? "source" : "target").focus();
  };

  const move = (rule, by) => {
    const other = by < 0 ? rule.previousElementSibling : rule.nextElementSibling;
    if (!other) return;
    if (by < 0) other.before(rule); else other.after(rule);
    number();
    dirty = true;
  };

  const filter = () => {
    const words = form.querySelector("[data-filter]").value.toLowerCase().split(/\s+/).filter(Boolean);
    const only = form.querySelector("[data-only-problems]").checked;
    for (const rule of all()) {
      const text = rule.querySelector("summary").textContent.toLowerCase();
      rule.hidden = !words.every((word) => text.includes(word)) || (only && !rule.classList.contains("tl-has-problem"));
    }
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    const rule = button.closest("[data-rule]");
    if (button.dataset.addTarget !== undefined) add(button.dataset.addTarget);
    else if (button.matches("[data-add-rule]")) add("");
    else if (button.matches("[data-up]")) { move(rule, -1); button.focus(); }
    else if (button.matches("[data-down]")) { move(rule, 1); button.focus(); }
    else if (button.matches("[data-open-all]")) {
      const open = all().some((one) => !one.open);
      all().forEach((one) => { one.open = open; });
      button.textContent = open ? "Close all" : "Open all";
    }
  });

  form.addEventListener("input", (event) => {
    if (event.target.matches("[data-filter], [data-only-problems]")) { filter(); return; }
    const rule = event.target.closest("[data-rule]");
    if (!rule) return;
    dirty = true;
    describe(rule);
  });

  form.addEventListener("change", (event) => {
    const rule = event.target.closest("[data-rule]");
    if (!rule) return;
    if (event.target.matches("[data-add-step]") && event.target.value) {
      const steps = field(rule, "steps");
      steps.value = [steps.value.trim(), event.target.selectedOptions[0].dataset.text].filter(Boolean).join(" | ");
      event.target.value = "";
      steps.focus();
      const gap = steps.value.lastIndexOf("…");
      if (gap >= 0) steps.setSelectionRange(gap, gap + 1);
    }
    describe(rule);
  });

  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches("[data-filter]")) event.preventDefault();
    if ((event.ctrlKey || event.metaKey) && event.key === "s") { event.preventDefault(); form.requestSubmit(form.querySelector("button[name=then][value='']")); }
  });
  form.addEventListener("submit", () => { number(); dirty = false; });
  window.addEventListener("beforeunload", (event) => { if (dirty) event.preventDefault(); });
  all().forEach(describe);
})();
