// What htmx and CSS cannot do alone. Every page works without it.
(() => {
  "use strict";
  const $ = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  // A swap keeps what the person opened, ticked or typed.
  Idiomorph.defaults.ignoreActiveValue = true;
  Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, node) => {
    if (name === "open" && node.tagName === "DETAILS") return false;
    return !((name === "value" || name === "checked" || name === "selected") && /^(INPUT|TEXTAREA|OPTION)$/.test(node.tagName) && node.type !== "hidden");
  };

  // Times relative to now stay true in a page left open. The wording is that of ui.Clock.Relative.
  const units = [[60, "m"], [3600, "h"], [86400, "d"]];
  function relative(then) {
    const seconds = (Date.now() - then) / 1000;
    const span = Math.abs(seconds);
    if (span < 45) return seconds < 0 ? "in a moment" : "just now";
    if (span >= 7 * 86400) return null;
    const [size, unit] = span < 3600 ? units[0] : span < 86400 ? units[1] : units[2];
    const text = `${Math.max(1, Math.round(span / size))} ${unit}`;
    return seconds < 0 ? `in ${text}` : `${text} ago`;
  }
  function tickTimes() {
    for (const el of all("time[data-relative]")) {
      const text = relative(Date.parse(el.dateTime));
      if (text && el.textContent !== text) el.textContent = text;
    }
  }
  setInterval(tickTimes, 20000);

  // A lost stream says so; once it is back the page fetches its state again.
  const banner = $("#connection");
  let lost = false;
  async function refresh() {
    const main = $("main");
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (answer.redirected && new URL(answer.url).pathname !== location.pathname) return location.reload();
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = $("main", page);
      if (!fresh) return;
      Idiomorph.morph(main, fresh);
      htmx.process(main);
    } catch {
      // The next attempt of the stream comes back here.
    }
  }
  document.addEventListener("htmx:sseError", ({ detail }) => {
    lost = true;
    if (detail.source.readyState === EventSource.CLOSED) refresh(); // it was refused: perhaps the session ended
    if (banner) setTimeout(() => { banner.hidden = !lost; }, 800);
  });
  document.addEventListener("htmx:sseOpen", () => {
    if (!lost) return;
    lost = false;
    if (banner) banner.hidden = true;
    refresh();
  });
  addEventListener("pageshow", (event) => { if (event.persisted) refresh(); });

  // A log follows its end, unless somebody scrolled up to read, and holds a bounded number of lines.
  const atEnd = new WeakMap();
  const follow = (log) => { log.scrollTop = log.scrollHeight; };
  document.addEventListener("htmx:sseBeforeMessage", ({ target }) => {
    if (target.matches("[data-log]")) atEnd.set(target, target.scrollHeight - target.scrollTop - target.clientHeight < 40);
  });
  document.addEventListener("htmx:sseMessage", ({ target }) => {
    if (!target.matches("[data-log]")) return;
    while (target.childElementCount > Number(target.dataset.log)) target.firstElementChild.remove();
    if (atEnd.get(target)) follow(target);
  });
  all("[data-log]").forEach(follow);

  // The theme changes at once; the cookie makes the next page right from its first paint.
  document.addEventListener("submit", (event) => {
    const form = event.target.closest("[data-theme-form]");
    if (!form || !event.submitter) return;
    event.preventDefault();
    const theme = event.submitter.value;
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    const secure = location.protocol === "https:" ? "; secure" : "";
    document.cookie = `theme=${theme === "system" ? "" : theme}; path=/; max-age=31536000; samesite=lax${secure}`;
    for (const button of all("[data-theme-form] button")) button.setAttribute("aria-pressed", String(button.value === theme));
  });

  // One press is one act.
  document.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (event.defaultPrevented || !button || event.target.method !== "post" || button.hasAttribute("hx-post") || event.target.matches("[data-stays]")) return;
    setTimeout(() => { button.setAttribute("aria-disabled", "true"); button.disabled = true; });
  });

  // A provider's preset fills the fields that it knows and that are still empty or from another preset.
  document.addEventListener("change", ({ target }) => {
    if (target.name !== "preset" || !target.form) return;
    const presets = all("[name=preset]", target.form);
    for (const name of ["endpoint", "region"]) {
      const input = target.form.elements[name];
      if (input.value === "" || presets.some((p) => p.dataset[name] === input.value)) input.value = target.dataset[name] || "";
      input.placeholder = target.dataset[name + "Hint"] || "";
    }
    target.form.elements.path_style.checked = target.dataset.pathStyle === "on";
  });

  document.addEventListener("click", (event) => {
    const { target } = event;
    const copy = target.closest("[data-copy]");
    if (copy && navigator.clipboard) {
      navigator.clipboard.writeText($(copy.dataset.copy).textContent.trim()).then(() => { $(".copied", copy).textContent = "Copied"; });
    }
    const step = target.closest("[data-schedule]");
    if (step) {
      event.preventDefault(); // without this script the button asks the server
      const input = step.form.elements.schedule;
      input.value = step.dataset.schedule;
      input.dispatchEvent(new Event("input", { bubbles: true }));
    }
    for (const menu of all("details[data-menu][open]")) if (!menu.contains(target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") all("details[data-menu][open]").forEach((menu) => { menu.open = false; $("summary", menu).focus(); });
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.target.closest("input, textarea, select")) return;
    const search = $("input[type=search]");
    if (search) { event.preventDefault(); search.focus(); search.select(); }
  });

  // A fragment that could not be fetched says so where it would have stood.
  document.addEventListener("htmx:responseError", ({ detail }) => { detail.target.textContent = "That did not work. Try again, or reload the page."; });
  document.addEventListener("htmx:sendError", ({ detail }) => { detail.target.textContent = "Keepstead did not answer. Is it running?"; });
})();
