/* Shortcuts: each does what a link or a button of the page does. Off in fields and dialogs; they can be switched off. */
const $ = (query, node = document) => node.querySelector(query);
const all = (query, node = document) => [...node.querySelectorAll(query)];
const SECOND_MS = 1500;
const FIELDS = "textarea, select, [contenteditable], input:not([type=checkbox], [type=radio])";
const ROWS = "main :is(.jobs tbody tr, .people tbody tr, .needs > li, .task-list > li, .repo, .feed > li)";
/* What a row is about: the first of these that it has */
const LINKS = [".c-what a", ".what a", "a.name", "a:not([data-why])", "a"];

/* Kept in this browser; without a place to keep it, they are on */
const kept = { get off() { try { return localStorage.getItem("shortcuts") === "off"; } catch { return false; } },
  set off(value) { try { localStorage.setItem("shortcuts", value ? "off" : "on"); } catch { /* until the next page */ } } };
const tell = (name, detail) => document.dispatchEvent(new CustomEvent(`factory:${name}`, { detail }));

const main = row => LINKS.map(query => $(query, row)).find(Boolean);
const rows = () => all(ROWS).filter(row => row.checkVisibility() && main(row));
const here = () => rows().find(row => row.contains(document.activeElement));
const move = by => {
  const found = rows(), at = found.indexOf(here());
  const next = found[at < 0 ? (by > 0 ? 0 : found.length - 1) : Math.min(Math.max(at + by, 0), found.length - 1)];
  if (!next) return;
  main(next).focus();
  next.scrollIntoView({ block: "nearest" });
};
/* On one job's page its own button; on a list the buttons of what is chosen, else the row that has the focus */
const act = (name, noun) => {
  const from = document.activeElement, own = $(`main .acts > a.act[href$="/${noun}/"]`);
  if (own) { if (own.checkVisibility()) own.click(); return; }
  const form = document.getElementById("chosen"), row = here(), box = row && $("input[name=job]", row);
  if (!form) return;
  const chosen = $("input[form=chosen]:checked") || $("input[name=all]:checked", form);
  const button = $(`button[value=${name}]`, form);
  const to = given => tell("ask", { address: `${form.getAttribute("action")}?${given}`, from });
  if (chosen && button) to(new URLSearchParams(new FormData(form, button)));
  else if (chosen || !box) tell("say", { text: chosen ? "That can be asked of one job at a time." : "Choose a job first: j and k move, x chooses.", level: "warning" });
  else if (noun === "syncs") tell("ask", { address: `${main(row).pathname}syncs/`, from });
  else {
    const asked = new URLSearchParams(all("input[type=hidden]", form).map(one => [one.name, one.value]));
    asked.set("act", name);
    asked.set("job", box.value);
    to(asked);
  }
};
const search = () => {
  const field = all("main [role=search] input:not([type=hidden])").find(one => one.checkVisibility());
  if (field) { field.focus(); field.select(); } else palette();
};
const palette = async () => {
  const link = $("a[data-palette]");
  if (link) (await import(link.dataset.palette)).open(link.href);
};
const toggle = () => { const row = here(), box = row && $("input[type=checkbox]", row); if (box && box.checkVisibility()) box.click(); };
const openRow = () => { const row = here(); if (row) main(row).click(); };
const KEYS = {
  "/": search, "?": () => $("a[data-keys]")?.click(), j: () => move(1), k: () => move(-1), o: openRow, x: toggle,
  c: () => act("cancel", "cancellations"), r: () => act("retry", "retries"), s: () => act("sync", "syncs"),
};
let went = -1e9;
document.addEventListener("keydown", event => {
  if (kept.off || event.defaultPrevented || event.isComposing || event.altKey || $("dialog[open]")) return;
  if (event.target.closest?.(FIELDS)) return;
  if (event.ctrlKey || event.metaKey) {
    if (event.key.toLowerCase() === "k" && !event.shiftKey) { event.preventDefault(); palette(); }
    return;
  }
  const second = performance.now() - went < SECOND_MS;
  went = event.key === "g" && !second ? performance.now() : -1e9;
  const to = second && $(`a[data-go="${CSS.escape(event.key)}"]`), known = !second && Object.hasOwn(KEYS, event.key);
  if (to || known) event.preventDefault();
  if (to) to.click(); else if (known) KEYS[event.key]();
});
/* The switch stands in the list of shortcuts, which may be a page or a dialog */
const offer = root => all("[data-shortcuts]", root).forEach(one => {
  const box = $("input", one);
  one.hidden = false;
  box.checked = !kept.off;
  box.addEventListener("change", () => { kept.off = !box.checked; });
});
offer(document);
document.addEventListener("factory:shown", event => offer(event.detail));
