/* What pages gain with JavaScript; each of them works without it. */
"use strict";

const words = (text, count) => text.replace("{n}", new Intl.NumberFormat(document.documentElement.lang).format(count));

/* How many characters are left in a long text. Line ends count once, as the server counts them. */
function countCharacters(area) {
  const box = document.getElementById(`${area.id}-count`);
  if (!box) return;
  const left = Number(box.dataset.limit) - [...area.value.trim()].length;
  box.textContent = left < 0 ? words(box.dataset.over, -left) : words(box.dataset.left, left);
  box.classList.toggle("cf-left--over", left < 0);
}

/* Where the ways of a row are wider than the window, the one that the reader is on is in sight. */
function showCurrent(nav) {
  const here = nav.querySelector("[aria-current]")?.getBoundingClientRect();
  const frame = nav.getBoundingClientRect();
  if (here && (here.left < frame.left || here.right > frame.right)) {
    nav.scrollLeft += here.left + here.width / 2 - frame.left - frame.width / 2;
  }
}

/* After a page came in: put the reader where the news is. */
function arrive(first) {
  /* On a phone the list comes first; its filters wait behind their heading. */
  if (matchMedia("(max-width: 47.99rem)").matches) {
    document.querySelectorAll("details.cf-filters__panel[open]").forEach((panel) => { panel.open = false; });
  }
  document.querySelectorAll(".cf-nav, .cf-subnav").forEach(showCurrent);
  document.querySelectorAll("textarea").forEach((area) => area.value && countCharacters(area));
  const problems = document.getElementById("error-summary");
  if (problems) problems.focus();
  else if (!first) document.getElementById("main")?.focus({ preventScroll: true });
}

document.addEventListener("input", (event) => {
  if (event.target.matches?.("textarea")) countCharacters(event.target);
});

/* One open menu at a time; a click elsewhere or Escape closes it. */
document.addEventListener("click", (event) => {
  document.querySelectorAll("details.cf-menu[open]").forEach((menu) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  document.querySelectorAll("details.cf-menu[open]").forEach((menu) => {
    menu.open = false;
    menu.querySelector("summary").focus();
  });
});

/* A link in the error summary leads into the input, not only near it. */
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("#error-summary a");
  const input = link && document.getElementById(decodeURIComponent(link.hash.slice(1)));
  if (!input) return;
  event.preventDefault();
  (input.labels?.[0] ?? input).scrollIntoView();
  input.focus({ preventScroll: true });
});

/* A double click sends once. */
function lock(event, locked) {
  if (event.detail.elt.matches?.("form")) {
    event.detail.elt.querySelectorAll('button[type="submit"]').forEach((button) => { button.disabled = locked; });
  }
}
document.addEventListener("htmx:beforeSend", (event) => lock(event, true));
document.addEventListener("htmx:afterRequest", (event) => lock(event, false));

const offline = (on) => {
  const notice = document.getElementById("connection-problem");
  if (notice) notice.hidden = !on;
};
document.addEventListener("htmx:sendError", () => offline(true));
document.addEventListener("htmx:timeout", () => offline(true));
document.addEventListener("htmx:beforeRequest", () => offline(false));

/* While caseflow is being looked after, or what stands before it fails, what was typed stays where it is. */
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.xhr.status >= 502 && event.detail.requestConfig.verb !== "get") {
    event.detail.shouldSwap = false;
    offline(true);
  }
});

/* A part of a page is replaced by such a part alone: an error, or the page to sign in, is a page of its own. */
document.addEventListener("htmx:beforeSwap", (event) => {
  if (!event.detail.boosted && event.detail.serverResponse.includes("<html")) {
    event.detail.shouldSwap = false;
    window.location.reload();
  }
});

/* Another language has another direction, and signing in may bring one: then the whole document is loaded. */
document.addEventListener("htmx:beforeSwap", (event) => {
  const came = /<html lang="([^"]*)" dir="([^"]*)"/.exec(event.detail.serverResponse);
  const here = document.documentElement;
  if (event.detail.boosted && came && (came[1] !== here.lang || came[2] !== here.dir)) {
    event.detail.shouldSwap = false;
    window.location.assign(event.detail.xhr.responseURL);
  }
});
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.boosted) arrive(false);
});

arrive(true);
