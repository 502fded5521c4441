/* Times: as long ago, by the clock here, or in UTC, as this browser was told last; both stand in the title. */
(() => {
  "use strict";
  const WAYS = ["ago", "here", "UTC"];
  const fresh = document.querySelector("#fresh"), switcher = document.querySelector("#times");
  /* By the clock of the server: the one here may be wrong */
  const told = fresh ? +fresh.dataset.v / 1000 : switcher ? +switcher.dataset.now * 1000 : 0;
  const skew = told ? told - Date.now() : 0;
  const now = () => Date.now() + skew;
  let way = "ago";
  try { way = WAYS.find(one => one === localStorage.getItem("times")) || way; } catch { /* nothing may be kept: ago */ }
  const ago = seconds => {
    const s = Math.abs(seconds), parts = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
    const [unit, name] = parts.find(([size]) => s >= size) || [1, "s"];
    const text = `${Math.floor(s / unit)} ${name}`;
    return s < 1 ? "now" : seconds < 0 ? `in ${text}` : `${text} ago`;
  };
  const absolute = (at, zone) => new Date(at).toLocaleString("sv-SE", zone && { timeZone: zone }) + (zone ? ` ${zone}` : "");
  const write = (root = document) => root.querySelectorAll("time[data-ago]").forEach(time => {
    const at = Date.parse(time.dateTime);
    const text = way === "ago" ? ago((now() - at) / 1000) : absolute(at, way === "UTC" && way);
    if (time.textContent !== text) time.textContent = text;
    if (time.dataset.ago !== "told") { time.title = `${absolute(at)} here, ${absolute(at, "UTC")}`; time.dataset.ago = "told"; }
  });
  const clock = at => absolute(at, way === "UTC" && way).slice(11);
  const offer = () => { switcher.hidden = false; switcher.textContent = `Times: ${way}`; };
  if (switcher) {
    offer();
    switcher.addEventListener("click", () => {
      way = WAYS[(WAYS.indexOf(way) + 1) % WAYS.length];
      try { localStorage.setItem("times", way); } catch { /* kept for this page alone */ }
      offer(); write();
      document.dispatchEvent(new Event("times"));
    });
  }
  write();
  setInterval(() => { if (!document.hidden) write(); }, 1000);
  window.factoryTimes = { write, clock, now };
})();
