/* The palette: the page of finding, in a dialog; what is typed is asked of it again, and arrows choose. */
const WAIT_MS = 120;
const $ = (query, node = document) => node.querySelector(query);
const all = (query, node = document) => [...node.querySelectorAll(query)];
const ask = async (address, signal) => {
  const answer = await fetch(address, { signal });
  return $(".find", new DOMParser().parseFromString(await answer.text(), "text/html"));
};

export const open = async address => {
  const before = document.activeElement, found = await ask(address).catch(() => null);
  if (!found) { location.href = address; return; }
  const dialog = document.createElement("dialog"), content = document.importNode(found, true);
  dialog.className = "sheet palette";
  dialog.setAttribute("aria-label", "Find");
  dialog.append(content);
  document.body.append(dialog);
  const field = $("input[name=q]", content), list = () => $(".found", content);
  let asked = 0, timer = 0, stop = null;
  field.setAttribute("role", "combobox");
  field.setAttribute("aria-controls", "found");
  field.setAttribute("aria-expanded", "true");
  field.setAttribute("autocomplete", "off");
  const choose = to => {
    const options = all("[role=option]", dialog);
    options.forEach(one => one.setAttribute("aria-selected", String(one === to)));
    if (to) { field.setAttribute("aria-activedescendant", to.id); to.scrollIntoView({ block: "nearest" }); } else field.removeAttribute("aria-activedescendant");
  };
  const dress = () => {
    list().setAttribute("role", "listbox");
    list().setAttribute("aria-label", "Found");
    all("li", list()).forEach(one => one.setAttribute("role", "none"));
    all("li > a", list()).forEach((one, place) => { one.setAttribute("role", "option"); one.id = `found-${place}`; one.tabIndex = -1; });
    choose($("[role=option]", dialog));
  };
  const again = async () => {
    const mine = ++asked;
    if (stop) stop.abort();
    stop = new AbortController();
    try {
      const fresher = await ask(`${address}?${new URLSearchParams({ q: field.value })}`, stop.signal);
      if (mine !== asked || !fresher) return;
      list().replaceWith(document.importNode($(".found", fresher), true));
      dress();
    } catch { /* the next letter asks again */ }
  };
  field.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(again, WAIT_MS); });
  dialog.addEventListener("keydown", event => {
    const options = all("[role=option]", dialog), at = options.findIndex(one => one.getAttribute("aria-selected") === "true");
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      choose(options[(at + (event.key === "ArrowDown" ? 1 : options.length - 1)) % options.length]);
    }
  });
  /* Enter before the answer to the last letter is there opens the page of all that was found */
  $("form", content).addEventListener("submit", event => {
    const chosen = $("[role=option][aria-selected=true]", dialog);
    if (!chosen || list().dataset.of !== field.value.trim()) return;
    event.preventDefault();
    chosen.click();
  });
  dialog.addEventListener("close", () => { clearTimeout(timer); dialog.remove(); before?.focus?.(); });
  dialog.addEventListener("click", event => { if (event.target === dialog) dialog.close(); });
  dress();
  dialog.showModal();
  field.focus();
};
