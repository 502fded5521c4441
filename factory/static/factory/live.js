/* Live pages: swaps regions by topic and version, and says how far the page may be believed. */
(() => {
  "use strict";
  const TICK_MS = 4000, POLL_MS = 5000, HOLD_MS = 300, PART_MS = 1500;
  const $ = (query, node = document) => node.querySelector(query);
  const all = (query, node = document) => [...node.querySelectorAll(query)];
  const fresh = $("#fresh");
  document.documentElement.classList.add("js");
  const now = () => performance.now();
  const page = { asOf: fresh ? +fresh.dataset.v : 0, ticked: -1e9, polled: -1e9, answers: true, out: false };
  const times = window.factoryTimes;
  let socket = null, tries = 0, held = new Map(), word = "";

  /* What was asked and is not confirmed after ten seconds is said to be so */
  const late = () => all("[data-late]").forEach(one => {
    one.hidden = times.now() - Date.parse(one.dataset.late) < 10000;
  });

  /* Freshness */
  /* What no topic renews is read again as a whole, or stays as it was loaded, and says so */
  const reread = () => $("[data-page]");
  const renewed = () => $("[data-topic]:not([hidden])") || $("[data-rows]");
  const state = () => page.out ? "logged out" : !page.answers ? "disconnected"
    : !renewed() ? (reread() ? "polling" : "loaded") : now() - page.ticked < TICK_MS ? "live" : "polling";
  /* Where nothing stood, nobody knows by now: that looks different from nothing */
  const unknown = why => {
    all(".empty > .unknown").forEach(one => one.remove());
    if (why) all(".empty").forEach(one => {
      const said = document.createElement("p");
      said.className = "unknown";
      said.textContent = `Cannot know since ${times.clock(page.asOf / 1000)}: ${why}. What stands here is of then.`;
      one.prepend(said);
    });
  };
  const show = () => {
    if (!fresh) return;
    const next = state();
    if (next !== word) {
      word = next;
      $("b", fresh).textContent = next;
      fresh.className = `fresh is-${next === "logged out" ? "disconnected" : next}`;
      document.body.classList.toggle("stale", next === "disconnected" || next === "logged out");
      unknown(next === "disconnected" ? "the server does not answer" : next === "logged out" ? "you are logged out" : "");
    }
    const text = times.clock(page.asOf / 1000), place = $(".as-of", fresh);
    if (place.textContent !== text) place.textContent = text;
  };
  const seen = v => { page.asOf = Math.max(page.asOf, v); };

  /* Regions */
  const regions = topic => all("[data-topic]").filter(one => one.dataset.topic === topic);
  const busy = node => {
    const selected = getSelection();
    return selected && !selected.isCollapsed && selected.rangeCount && selected.getRangeAt(0).intersectsNode(node);
  };
  const path = (node, root) => {
    const tag = node.tagName, twins = all(tag, root);
    return node.id ? `#${CSS.escape(node.id)}` : [tag, twins.indexOf(node)];
  };
  const find = (place, root) => typeof place === "string" ? $(place, root) : all(place[0], root)[place[1]];
  /* A log follows its end, unless it is scrolled up: then the line that is read stays where it is */
  const firstSeen = box => {
    const top = box.getBoundingClientRect().top;
    const line = all("li[id]", box).find(one => one.getBoundingClientRect().bottom > top + 1);
    return line && { id: line.id, offset: line.getBoundingClientRect().top - top };
  };
  const stay = (log, seen) => {
    pick(false);
    const line = seen && document.getElementById(seen.id);
    if (line) log.scrollTop += line.getBoundingClientRect().top - log.getBoundingClientRect().top - seen.offset;
    else log.scrollTop = seen ? 0 : log.scrollHeight;
  };
  const swap = (old, fresher, v) => {
    const focus = old.contains(document.activeElement) && document.activeElement;
    const place = focus && (focus === old ? "" : path(focus, old));
    const open = all("details[open]", old).map(one => path(one, old));
    const box = $(".log", old), end = box && box.scrollHeight - box.scrollTop - box.clientHeight < 24;
    const seen = box && !end && firstSeen(box);
    fresher.dataset.v = v;
    times.write(fresher);
    old.replaceWith(fresher);
    all("input:checked", old).forEach(one => { const found = find(path(one, old), fresher); if (found) found.checked = true; });
    open.forEach(one => { const found = find(one, fresher); if (found) found.open = true; });
    const log = $(".log", fresher);
    if (log) stay(log, seen);
    const target = focus && (place === "" ? fresher : find(place, fresher));
    if (target) target.focus({ preventScroll: true });
    if (old.textContent !== fresher.textContent) fresher.classList.add("swapped");
    if ($("[data-topic]", fresher)) watch(); /* what stands in it may be new */
    news();
    worst();
  };
  /* Title and icon say the worst there is, as the region that counts it does */
  const worst = () => {
    const told = $("[data-title]");
    if (!told || document.title === told.dataset.title) return;
    document.title = told.dataset.title;
    $("link[rel=icon]").href = told.dataset.icon;
  };
  const put = (topic, v, make) => {
    let late = false;
    regions(topic).forEach(old => {
      if (v < +old.dataset.v) { late = true; return; }
      if (busy(old)) { if (!(held.get(topic)?.[0] > v)) held.set(topic, [v, make]); return; }
      const fresher = make();
      if (fresher) swap(old, fresher, v); else drop(old);
    });
    return !late;
  };
  /* Gone, or no longer ours to see: it stays where it is, dimmed, and is not asked for again */
  const drop = old => {
    old.removeAttribute("data-topic");
    old.classList.add("gone");
    resync();
  };
  const parse = html => {
    const holder = document.createElement("template");
    holder.innerHTML = html;
    return holder.content.firstElementChild;
  };
  const news = () => all("[data-rows]").forEach(list => {
    const here = new Set(all("[data-topic]").map(one => one.dataset.topic));
    const count = list.dataset.rows.split(" ").filter(row => row && !here.has(row)).length;
    const link = $("a", list);
    link.hidden = !count;
    link.href = location.href;
    link.textContent = `${count} new — show`;
  });
  document.addEventListener("selectionchange", () => {
    const waiting = held;
    held = new Map();
    waiting.forEach(([v, make], topic) => put(topic, v, make));
  });

  /* The whole page again, over HTTP: what the regions show is replaced, the rest stays */
  let asking = false;
  const resync = async () => {
    if (asking || page.out) return;
    asking = true;
    page.polled = now();
    try {
      const answer = await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(10000) });
      if (answer.redirected && new URL(answer.url).pathname.startsWith("/login")) page.out = true;
      else if (answer.status === 404 || answer.status === 403) location.reload();
      page.answers = answer.ok;
      if (answer.status === 503) health(refusal(new DOMParser().parseFromString(await answer.text(), "text/html")));
      if (answer.ok && !page.out) take(new DOMParser().parseFromString(await answer.text(), "text/html"));
    } catch { page.answers = false; }
    asking = false;
    show();
    watch();
  };
  /* What does no work stands above the page, and is touched only when it changes */
  const health = holder => {
    const old = $("#health");
    if (!old || !holder || old.innerHTML === holder.innerHTML) return;
    old.replaceChildren(...[...holder.childNodes].map(one => document.importNode(one, true)));
  };
  const refusal = other => {
    const told = $("#health", other);
    all("p", told || other).forEach(one => one.classList.add("note", "error"));
    return told;
  };
  const take = other => {
    health($("#health", other));
    const v = +$("#fresh", other).dataset.v;
    all("[data-topic]", other).forEach(one => put(one.dataset.topic, v, () => document.importNode(one, true)));
    all("[data-part]").forEach(old => {
      const fresher = other.getElementById(old.id);
      if (busy(old)) renew();
      else if (fresher) swap(old, document.importNode(fresher, true), v);
    });
    const old = reread(), fresher = $("[data-page]", other);
    if (old && fresher && !busy(old)) swap(old, document.importNode(fresher, true), v);
    if (renewed() || (old && !busy(old))) seen(v);
  };
  /* Parts that no topic sends are read again when the topic they name has news */
  let renewing = 0;
  const renew = () => {
    renewing ||= setTimeout(() => {
      renewing = 0;
      if (asking) renew(); else resync();
    }, PART_MS);
  };

  /* Socket */
  let holding = 0;
  const watch = () => {
    clearTimeout(holding);
    holding = setTimeout(() => {
      if (!socket || socket.readyState !== 1) return;
      const shown = {};
      all("[data-topic]").forEach(one => { shown[one.dataset.topic] = +one.dataset.v; });
      socket.send(JSON.stringify({ watch: shown }));
    }, HOLD_MS);
  };
  /* What came, newest first, on the page that shows it */
  let numbered = 0;
  const note = (frame, size, gap) => {
    const body = $("[data-messages]");
    if (!body) return;
    const what = frame.topic ? frame.topic : frame.tick ? "tick" : "refused";
    const v = frame.v || frame.tick, age = v ? `${Math.max(0, Math.round(times.now() - v / 1000))} ms` : "";
    const cells = [gap ? `${frame.n}, after a gap: the page was read again` : frame.n, frame.of ?? "", what, v ? times.clock(v / 1000) : "", age, size];
    const row = body.insertRow(0);
    cells.forEach(text => { row.insertCell().textContent = text; });
    while (body.rows.length > +body.dataset.messages) body.deleteRow(-1);
  };
  const heard = ({ data }) => {
    const frame = JSON.parse(data), gap = frame.n > numbered + 1;
    numbered = frame.n || numbered;
    note(frame, data.length, gap);
    if (gap) resync();
    if (frame.health !== undefined) health(parse(`<div>${frame.health}</div>`));
    if (frame.tick) { page.ticked = now(); page.answers = true; if (renewed()) seen(frame.tick); show(); }
    else if (frame.topic) {
      if (!put(frame.topic, frame.v, () => parse(frame.html))) watch();
      if (all("[data-part]").some(one => frame.topic.startsWith(one.dataset.part))) renew();
    }
    else if (frame.refused) frame.refused.forEach(topic => regions(topic).forEach(drop));
  };
  const connect = () => {
    if (!fresh || page.out || document.hidden || (socket && socket.readyState < 2)) return;
    socket = new WebSocket(`${location.protocol === "http:" ? "ws" : "wss"}://${location.host}/ws/live`);
    socket.onopen = () => { tries = 0; numbered = 0; watch(); };
    socket.onmessage = heard;
    socket.onclose = ({ code }) => {
      page.ticked = -1e9;
      if (code === 4401) { page.out = true; show(); return; }
      if (code === 4408) return;
      const wait = Math.min(15000, 500 * 2 ** tries++);
      setTimeout(connect, wait / 2 + Math.random() * wait / 2);
      show();
    };
  };
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) { if (socket) socket.close(); return; }
    resync();
    connect();
  });
  addEventListener("pageshow", event => { if (event.persisted) { resync(); connect(); } });

  /* A line of the log that is not on this page is on a page of the whole log; #L10-L20 are marked */
  const line = location.hash;
  const wholeLog = $("a[data-whole-log]");
  const pick = (scroll, marked) => {
    const [, part, from, to] = /^#(a\d+-)?L(\d+)(?:-L?(\d+))?$/.exec(location.hash) || [];
    if (!from) return;
    const name = number => `${part || ""}L${number}`, first = document.getElementById(name(from));
    if (!first && scroll && wholeLog && !location.search.includes("at=")) location.replace(`${wholeLog.href}?at=${location.hash.slice(1)}#${name(from)}`);
    if (!first) return;
    if (!marked) {
      all(".log li.picked").forEach(one => one.classList.remove("picked"));
      for (let number = +from; number <= +(to || from) && document.getElementById(name(number)); number++) document.getElementById(name(number)).classList.add("picked");
    }
    if (scroll) first.scrollIntoView({ block: "center" });
  };
  pick(true, $(".log li.picked")); /* by the server, from ?at= */
  addEventListener("hashchange", () => pick(true));
  document.addEventListener("click", event => {
    const link = event.shiftKey && event.target.closest(".log li > a"), from = /^#((?:a\d+-)?)L(\d+)/.exec(location.hash);
    const to = link && /^((?:a\d+-)?)L(\d+)$/.exec(link.parentNode.id);
    if (!to || !from || to[1] !== from[1]) return;
    event.preventDefault();
    const ends = [+from[2], +to[2]].sort((a, b) => a - b);
    location.hash = `${to[1]}L${ends[0]}-L${ends[1]}`;
  });

  const logs = $(".log:not(.whole)");
  if (logs && !line) logs.scrollTop = logs.scrollHeight;
  /* One tick for all rows of the page */
  const chooser = $("[data-choose]");
  if (chooser) {
    chooser.hidden = false;
    $("input", chooser).addEventListener("change", event => all("input[form=chosen]").forEach(one => { one.checked = event.target.checked; }));
  }
  late();
  news();
  if (!fresh) return;
  document.addEventListener("times", show);
  setInterval(() => {
    if (document.hidden) return;
    late();
    show();
    const every = reread() && !renewed() ? reread().dataset.page * 1000 : POLL_MS;
    if (!["live", "loaded"].includes(state()) && now() - page.polled > every * (.8 + Math.random() * .4) && now() > 2500) resync();
  }, 1000);
  connect();
})();
