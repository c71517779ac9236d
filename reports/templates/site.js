// Search, order and filters of a list: of studies, of programmes. Without this script the list is whole.
// It loads nothing and keeps nothing but the address of the page, so that a link can be shared.
(() => {
  "use strict";
  const form = document.getElementById("find");
  const list = document.querySelector(".studies");
  if (!form || !list) return;
  const rows = Array.from(list.children);
  const texts = JSON.parse(document.getElementById("find-words").textContent);
  const told = document.getElementById("find-shown");
  const choices = Array.from(form.querySelectorAll("select")).filter((box) => box.name !== "order");
  const plain = (text) => text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
  const said = (row) => Array.from(row.querySelectorAll("h3, .tags, .says, .facts, .entry"), (part) => part.textContent).join(" ");
  const onRow = new Map(rows.map((row) => [row, plain(said(row))]));
  const onPage = new Map(rows.map((row) => [row, onRow.get(row) + " " + (texts[row.id] || "")]));
  const place = (row) => Number(row.dataset.place);
  const byTitle = (a, b) => a.dataset.title.localeCompare(b.dataset.title) || place(a) - place(b);
  const by = (name) => (a, b) => (a.dataset[name] || "").localeCompare(b.dataset[name] || "") || byTitle(a, b);
  const orders = {
    kind: (a, b) => place(a) - place(b),
    title: byTitle,
    data: (a, b) => b.dataset.data.localeCompare(a.dataset.data) || byTitle(a, b),
    status: (a, b) => Number(a.dataset.standing) - Number(b.dataset.standing) || byTitle(a, b),
  };

  function fits(row, terms) {
    return terms.every((term) => onPage.get(row).includes(term))
      && choices.every((choice) => !choice.value || (row.dataset[choice.name] || "").split(" ").includes(choice.value));
  }

  function show() {
    const terms = plain(form.elements.search.value).split(/\s+/).filter(Boolean);
    const kind = location.hash.slice(1);
    const chosen = document.getElementById(kind);
    const ofKind = chosen && chosen.className === "filter" && kind !== "all" ? "k-" + kind : "";
    let shown = 0;
    for (const row of rows) {
      row.hidden = !fits(row, terms);
      const found = row.querySelector(".found");
      if (found) found.hidden = row.hidden || terms.every((term) => onRow.get(row).includes(term));
      if (!row.hidden && (!ofKind || row.classList.contains(ofKind))) shown += 1;
    }
    const order = form.elements.order.value;
    list.append(...rows.slice().sort(orders[order] || by(order)));
    told.textContent = told.dataset.text.replace("{shown}", shown).replace("{all}", rows.length);
  }

  function remember() {
    const address = new URL(location.href);
    for (const name of ["search", ...choices.map((box) => box.name), "order"]) {
      const field = form.elements[name];
      const value = field ? field.value.trim() : "";
      if (value && !(name === "order" && value === "kind")) address.searchParams.set(name, value);
      else address.searchParams.delete(name);
    }
    history.replaceState(null, "", address);
  }

  function recall() {
    for (const [name, value] of new URL(location.href).searchParams) {
      const field = form.elements[name];
      if (field && (name === "search" || Array.from(field.options || []).some((option) => option.value === value))) {
        field.value = value;
      }
    }
  }

  function changed() {
    show();
    remember();
  }

  recall();
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", changed);
  form.addEventListener("reset", () => setTimeout(changed, 0));
  window.addEventListener("hashchange", show);
  show();
})();
