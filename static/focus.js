// Where the keyboard stands. A browser keeps that while its page stays; this keeps it when a part of the page, or the
// page itself, is made anew under it. Every page works without it.
(() => {
  "use strict";
  const $ = (selector, root = document) => root.querySelector(selector);
  const main = $("main");
  const usable = "a[href], button:not([disabled]), input:not([disabled], [type=hidden]), select:not([disabled]), textarea:not([disabled]), summary, [tabindex]";
  const ready = (el) => el && el.isConnected && !el.disabled && el.checkVisibility();

  // A form leads to a page that says what is wrong, or back to its own, and a link of the navigation may lead to the page it
  // is on: there the keyboard stands where it stood, named by its id, by its form and its place in that, or by its address.
  const key = "keepstead-sent";
  const alike = (href) => [...document.links].filter((link) => link.getAttribute("href") === href);
  function name(el) {
    if (el.id) return { id: el.id };
    if (el.tagName === "A") return { href: el.getAttribute("href"), at: alike(el.getAttribute("href")).indexOf(el) };
    return el.form ? { action: el.form.getAttribute("action"), at: [...el.form.elements].indexOf(el) } : {};
  }
  function find({ id, href, action, at }) {
    if (id) return document.getElementById(id);
    if (href) return alike(href)[at];
    return [...document.forms].find((form) => form.getAttribute("action") === action)?.elements[at];
  }
  function remember(el) {
    sessionStorage.setItem(key, JSON.stringify({ path: location.pathname, at: Date.now(), control: name(el) }));
  }
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    const active = document.activeElement;
    const from = active?.form === event.target ? active : event.submitter ?? active;
    remember(from);
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    const byKeyboard = event.detail === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey;
    if (byKeyboard && !event.defaultPrevented && link && !link.hash && link.origin === location.origin && link.pathname === location.pathname) remember(link);
  });
  function arrive() {
    const sent = JSON.parse(sessionStorage.getItem(key) ?? "null");
    sessionStorage.removeItem(key);
    if (!main || !sent || Date.now() - sent.at > 120000) return;
    const wrong = $("[aria-invalid=true]", main);
    if (!wrong && $("[autofocus]", main)) return;
    const back = location.pathname === sent.path;
    const to = [wrong, $("[role=alert]", main), back && find(sent.control), back && main].find(ready);
    if (!to) return;
    if (!to.matches(usable)) to.tabIndex = -1;
    // What the page says of the act is at its top, and stays in sight.
    to.focus({ preventScroll: to === main || $("main > [role=status]") !== null });
  }
  arrive();

  // A swap that takes away what had the focus gives it to what came there instead, else to what is nearest.
  let held = null;
  document.addEventListener("focusin", ({ target }) => {
    held = { el: target, around: [] };
    for (let up = target.parentElement; up && up !== document.body; up = up.parentElement) held.around.push(up);
  });
  document.addEventListener("pointerdown", () => { held = null; });
  function heir(gone, changes) {
    const again = held.el.id ? document.getElementById(held.el.id) : held.el;
    if (ready(again)) return again; // it was only moved, or is there anew
    const came = gone ? changes.filter((c) => c.target === gone.target).flatMap((c) => [...c.addedNodes]) : [];
    const near = held.around.map((el) => (el.isConnected ? el : el.id && document.getElementById(el.id)));
    for (const root of [...came, ...near]) {
      if (!(root instanceof Element) || !root.isConnected || root === main) continue;
      const el = [root, ...root.querySelectorAll(usable)].find((each) => each.matches(usable) && ready(each));
      if (el) return el;
    }
    return main;
  }
  new MutationObserver((changes) => {
    if (!held || document.activeElement !== document.body) return;
    const gone = changes.find((c) => [...c.removedNodes].some((n) => n.contains(held.el)));
    const switched = changes.some((c) => c.type === "attributes" && c.target === held.el);
    // A button that was pressed is off until its answer is there.
    if (held.el.disabled && held.el.matches(".htmx-request, [aria-disabled=true]")) return;
    if (gone || switched) heir(gone, changes)?.focus({ preventScroll: true });
  }).observe(document.body, { subtree: true, childList: true, attributeFilter: ["disabled"] });

  // An answer that pushes what asked for it out of sight takes its place: it is read first, and what comes next is after it.
  document.addEventListener("htmx:afterSettle", ({ detail: { target } }) => {
    if (!target?.matches("[data-answer]") || !target.childElementCount) return;
    target.tabIndex = -1;
    target.focus();
  });

  // A filter applies as soon as something is chosen. Keys pass by other choices on the way to one, and by half a date:
  // there Enter applies, and so does going on.
  let typing = null;
  const changed = () => typing && typing.control.value !== typing.before;
  function apply(control) {
    typing = null;
    control.form.requestSubmit();
  }
  document.addEventListener("keydown", (event) => {
    const { target } = event;
    if (!target.matches("[data-submit]") || event.key === "Tab" || event.key === "Shift") return;
    if (typing?.control !== target) typing = { control: target, before: target.value };
    if (event.key === "Enter" && target.tagName === "SELECT" && changed()) {
      event.preventDefault();
      apply(target);
    }
  });
  document.addEventListener("pointerdown", ({ target }) => { if (typing?.control.contains(target)) typing = null; });
  document.addEventListener("change", ({ target }) => { if (target.matches("[data-submit]") && typing?.control !== target) apply(target); });
  document.addEventListener("focusout", ({ target }) => {
    if (typing?.control !== target) return;
    setTimeout(() => { if (typing?.control === target && changed()) apply(target); });
  });
})();
