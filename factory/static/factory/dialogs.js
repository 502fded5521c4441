/* Dialogs and receipts. Whatever is shown here is a piece of a page that a link or a form leads to, too. */
const $ = (query, node = document) => node.querySelector(query);
const all = (query, node = document) => [...node.querySelectorAll(query)];

/* A piece of the page at an address; what has none, or sends us elsewhere, is opened as a page */
const piece = async (address, query) => {
  try {
    const answer = await fetch(address);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html"), found = $(query, page);
    /* What its main element hides of acts is left out, as that stays behind */
    if (!$("main.may-act", page)) all(".act", page).forEach(one => one.remove());
    if (found && answer.url.split("?")[0] === new URL(address, location).href.split("?")[0]) return document.importNode(found, true);
  } catch { /* the page says why */ }
  location.href = address;
  return null;
};
/* A fresher row may stand in the place of what was clicked: by now it has the same address or name */
const again = from => {
  if (!from || from.isConnected) return from;
  const twins = from.href ? all("a[href]").filter(one => one.href === from.href) : [];
  return twins.find(one => one.className === from.className) || twins[0];
};
const open = (content, from, kind = "") => {
  const dialog = document.createElement("dialog"), title = $("h1, h2", content);
  dialog.className = kind;
  if (title) { title.id = "dialog-title"; dialog.setAttribute("aria-labelledby", title.id); }
  dialog.append(content);
  document.body.append(dialog);
  dialog.addEventListener("close", () => {
    dialog.remove();
    const back = again(from);
    if (back) back.focus();
  });
  dialog.addEventListener("click", event => { if (event.target === dialog && kind) dialog.close(); });
  dialog.showModal();
  return dialog;
};
const closer = text => {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "linkish close";
  button.setAttribute("aria-label", text);
  button.textContent = "×";
  return button;
};

/* The page that asks, in a dialog; the focus is on Keep */
const ask = async (address, from) => {
  const form = await piece(address, ".confirm");
  if (!form) return;
  const dialog = open(form, from), keep = $(".keep", dialog);
  keep.addEventListener("click", event => { event.preventDefault(); dialog.close(); });
  keep.focus();
};
/* What is known of a state, beside the page; the page stays as it is */
const tell = async (address, from, query = "[data-drawer]", kind = "drawer") => {
  const content = await piece(address, query);
  if (!content) return null;
  const within = from && from.closest("dialog.drawer");
  const dialog = within || open(content, from, kind);
  if (within) $(query, within).replaceWith(content);
  else {
    const close = closer("Close");
    close.addEventListener("click", () => dialog.close());
    dialog.prepend(close);
  }
  document.dispatchEvent(new CustomEvent("factory:shown", { detail: dialog }));
  $(".close", dialog).focus();
  return dialog;
};
const plain = event => !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.defaultPrevented;
document.addEventListener("click", event => {
  const link = event.target.closest("a[data-confirm], a[data-why], a[data-dialog]");
  if (!link || !plain(event)) return;
  event.preventDefault();
  if ("confirm" in link.dataset) ask(link.href, link);
  else if ("why" in link.dataset) tell(link.href, link);
  else tell(link.href, link, "[data-piece]", "sheet");
});

/* Acts on many: the page that counts them, in a dialog */
document.addEventListener("submit", event => {
  const form = event.target.closest("form[data-confirm]");
  if (!form) return;
  event.preventDefault();
  const given = new URLSearchParams(new FormData(form, event.submitter));
  if (form.dataset.none && !given.has("job") && !given.has("all")) say(form.dataset.none, "warning");
  else ask(`${form.getAttribute("action")}?${given}`, event.submitter);
});

/* Receipts: what the server said of an act, the newest three; what went well goes by itself, errors stay */
const MOST = 3, GOES_MS = 12000;
const receipts = $("ul.receipts") || document.createElement("ul");
const leave = row => {
  let at = setTimeout(() => row.remove(), GOES_MS);
  for (const name of ["pointerenter", "focusin"]) row.addEventListener(name, () => clearTimeout(at));
  for (const name of ["pointerleave", "focusout"]) row.addEventListener(name, () => { clearTimeout(at); at = setTimeout(() => row.remove(), GOES_MS); });
};
const put = row => {
  row.setAttribute("role", "none"); /* the list is a region that is read aloud, not a list */
  const close = closer("Close this message");
  close.addEventListener("click", () => row.remove());
  row.append(close);
  receipts.append(row);
  while (receipts.children.length > MOST) receipts.firstElementChild.remove();
  if (!row.matches(".error, .warning")) leave(row);
};
const say = (text, level) => {
  const row = document.createElement("li");
  row.className = `note ${level}`;
  row.textContent = text;
  put(row);
};
const told = [...receipts.children];
receipts.className = "notes receipts toasts";
receipts.setAttribute("role", "status");
receipts.replaceChildren();
document.body.append(receipts);
/* Into a region that is there already: only that is read aloud */
setTimeout(() => told.forEach(put), 50);
/* What the shortcuts ask for */
document.addEventListener("factory:ask", event => ask(event.detail.address, event.detail.from));
document.addEventListener("factory:say", event => say(event.detail.text, event.detail.level));
