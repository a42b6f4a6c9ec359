// What htmx and CSS cannot do alone. Every page works without it.
(() => {
  "use strict";
  const $ = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  // The texts below in the page's language, where that is not English.
  const texts = JSON.parse(document.documentElement.dataset.texts ?? "{}");
  const say = (text) => texts[text] ?? text;
  const mac = /Mac|iP/.test(navigator.platform);

  // A swap keeps what the person opened, ticked or typed.
  Idiomorph.defaults.ignoreActiveValue = true;
  Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, node) => {
    if (name === "open" && node.tagName === "DETAILS") return false;
    if (node.name === "version") return false; // what was typed over one version must not overwrite a later one unseen
    return !((name === "value" || name === "checked" || name === "selected") && /^(INPUT|TEXTAREA|OPTION)$/.test(node.tagName) && node.type !== "hidden");
  };

  // A swap that keeps its element does not set it up anew. For htmx it looks changed while it settles, and would then listen
  // to the stream once more with each message.
  const traits = (el) => [...el.attributes].filter(({ name }) => name !== "class").map(({ name, value }) => `${name}=${value}`).join("\n");
  htmx.defineExtension("morph", {
    handleSwap: (style, target, { children }) => {
      if (style !== "morph:outerHTML") return false;
      const before = traits(target);
      const nodes = Idiomorph.morph(target, children, { morphStyle: "outerHTML" });
      return nodes.flatMap((node) => (node === target && traits(node) === before ? [...node.children] : [node]));
    },
  });

  // Times relative to now stay true in a page left open. The wording is that of ui.Clock.Relative.
  const units = [[60, "m"], [3600, "h"], [86400, "d"]];
  function relative(then) {
    const seconds = (Date.now() - then) / 1000;
    const span = Math.abs(seconds);
    if (span < 45) return say(seconds < 0 ? "in a moment" : "just now");
    if (span >= 7 * 86400) return null;
    const [size, unit] = span < 3600 ? units[0] : span < 86400 ? units[1] : units[2];
    const n = Math.max(1, Math.round(span / size));
    return say(seconds < 0 ? `in ${n === 1 ? 1 : 2} ${unit}` : `${n === 1 ? 1 : 2} ${unit} ago`).replace(/[12]/, n);
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

  // The theme changes at once, and is kept by the server. HX-Request has it answer without a page.
  const root = document.documentElement;
  function paint(theme) {
    if (theme === "system") delete root.dataset.theme;
    else root.dataset.theme = theme;
    for (const meta of all("meta[name=theme-color]")) {
      meta.media = theme === "system" ? `(prefers-color-scheme: ${meta.dataset.theme})` : meta.dataset.theme === theme ? "all" : "not all";
    }
    for (const button of all("[data-theme-form] button")) button.setAttribute("aria-pressed", String(button.value === theme));
  }
  document.addEventListener("submit", (event) => {
    const form = event.target.closest("[data-theme-form]");
    if (!form || !event.submitter) return;
    event.preventDefault();
    const before = root.dataset.theme || "system";
    const { value } = event.submitter;
    paint(value);
    const undo = () => paint(before);
    fetch(form.action, { method: "POST", keepalive: true, headers: { "HX-Request": "true" }, body: new URLSearchParams({ theme: value }) })
      .then((answer) => { if (!answer.ok) undo(); }, undo);
  });

  // The server learns the browser's time zone, for people who chose no other. Where it did not know it yet, the page
  // comes again with its times as they are here.
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && !document.cookie.split("; ").includes("zone=" + zone)) {
    const secure = location.protocol === "https:" ? "; secure" : "";
    document.cookie = `zone=${zone}; path=/; max-age=31536000; samesite=lax${secure}`;
    if ("followsZone" in root.dataset && $("#palette")) addEventListener("DOMContentLoaded", refresh);
  }
  for (const offered of Intl.supportedValuesOf ? all("datalist[data-zones]") : []) {
    offered.replaceChildren(...["UTC", ...Intl.supportedValuesOf("timeZone")].map((name) => new Option("", name)));
  }

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

  // A bar counts the boxes that are ticked for it, also those that the browser or a swap brought back.
  function count() {
    for (const each of all("[data-chosen]")) {
      const n = String(all(`[name="${each.dataset.chosen}"]:checked`).length);
      if (each.textContent !== n) each.textContent = n; // else it would be read out again
    }
  }
  for (const event of ["change", "htmx:afterSettle"]) document.addEventListener(event, count);
  addEventListener("pageshow", count);

  // Browsers lend the clipboard over TLS and on this machine alone. Elsewhere the text is selected and copied the old way;
  // where even that is refused, it stays selected for the keys. It says how it went.
  async function copy(source) {
    try {
      await navigator.clipboard.writeText(source.textContent.trim());
    } catch {
      getSelection().selectAllChildren(source);
      if (!document.execCommand("copy")) return say(mac ? "Press ⌘-C to copy" : "Press Ctrl-C to copy");
    }
    return say("Copied");
  }

  document.addEventListener("click", (event) => {
    const { target } = event;
    const several = target.closest("[data-choose]");
    if (several) {
      for (const box of all(`[name="${several.dataset.choose}"]`)) box.checked = several.value === "all";
      count();
      if (several.value !== "all") $(`[name="${several.dataset.choose}"]`)?.focus(); // the bar is gone now
    }
    const button = target.closest("[data-copy]");
    if (button) copy($(button.dataset.copy)).then((text) => { $(".copied", button).textContent = text; });
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
  });

  // Dialogs. The browser keeps the focus inside, closes them at Escape and puts the focus back.
  const palette = $("#palette"), field = $("#palette-q"), list = $("#palette-list");
  function openDialog(dialog) {
    for (const other of all("dialog[open]")) if (other !== dialog) other.close();
    if (!dialog.open) dialog.showModal();
  }
  function openPalette() {
    openDialog(palette);
    field.value = "";
    htmx.trigger(field, "palette");
  }
  document.addEventListener("click", (event) => {
    const { target } = event;
    if (target.matches("dialog") || target.closest("[data-close]")) return target.closest("dialog").close();
    const opener = palette && target.closest("[data-palette], [data-keys]");
    if (!opener || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (opener.matches("[data-keys]")) openDialog($("#keys"));
    else openPalette();
  });

  // The results are a list that the field steers: the focus stays in the field.
  let shown; // the query that the results answer
  let awaited = false; // Enter was pressed before they did
  const options = () => all("[role=option]", list);
  const chosen = () => $("[aria-selected=true]", list);
  function choose(option) {
    for (const each of options()) each.setAttribute("aria-selected", String(each === option));
    if (!option) return field.removeAttribute("aria-activedescendant");
    field.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }
  function take() {
    awaited = shown !== field.value;
    if (!awaited) chosen()?.click();
  }
  function step(by) {
    const each = options();
    if (each.length > 0) choose(each[(each.indexOf(chosen()) + by + each.length) % each.length]);
  }
  const steps = { ArrowDown: 1, ArrowUp: -1 };
  field?.addEventListener("keydown", (event) => {
    if (!steps[event.key] || event.isComposing) return;
    event.preventDefault();
    step(steps[event.key]);
  });
  field?.form.addEventListener("submit", (event) => { // Enter
    event.preventDefault();
    take();
  });
  field?.addEventListener("htmx:afterRequest", ({ detail }) => {
    if (!detail.successful) return;
    shown = new URL(detail.pathInfo.finalRequestPath, location).searchParams.get("q") ?? "";
    choose(options()[0]);
    field.setAttribute("aria-expanded", String(options().length > 0));
    if (awaited) take();
  });
  list?.addEventListener("mousemove", ({ target }) => {
    const option = target.closest("[role=option]");
    if (option && option !== chosen()) choose(option);
  });
  list?.addEventListener("click", ({ target }) => { if (target.closest("[role=option]")) palette.close(); });
  palette?.addEventListener("close", () => { awaited = false; });

  const typing = (target) => target.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
  function search() {
    const input = $("main input[type=search]");
    if (!input) return openPalette();
    $("dialog[open]")?.close();
    input.focus();
    input.select();
  }
  const keys = { "/": search, "?": () => openDialog($("#keys")) };
  if (palette) document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.altKey) return;
    const held = event.ctrlKey || event.metaKey;
    const act = held ? !event.shiftKey && event.key.toLowerCase() === "k" && (() => { palette.open ? palette.close() : openPalette(); })
      : !typing(event.target) && keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
  if (mac) for (const key of all("[data-ctrl]")) key.textContent = "⌘";

  // A fragment that could not be fetched says so where it would have stood.
  document.addEventListener("htmx:responseError", ({ detail }) => { detail.target.textContent = say("That did not work. Try again, or reload the page."); });
  document.addEventListener("htmx:sendError", ({ detail }) => { detail.target.textContent = say("Keepstead did not answer. Is it running?"); });
})();
