// What the pages gain when JavaScript runs. Every page works without this file.

// --- Theme: auto, light, dark ---
const THEMES = ["auto", "light", "dark"];
for (const button of document.querySelectorAll("[data-theme-toggle]")) {
  const show = () => {
    const now = localStorage.getItem("theme") || "auto";
    button.querySelector("[data-theme-name]").textContent = `Theme: ${now}`;
  };
  button.hidden = false;
  show();
  button.addEventListener("click", () => {
    const now = localStorage.getItem("theme") || "auto";
    localStorage.setItem("theme", THEMES[(THEMES.indexOf(now) + 1) % THEMES.length]);
    dispatchEvent(new Event("pathway:theme"));
    show();
  });
}

// --- Polls: rest while nobody looks, say so when the page is stale, leave when the session has ended ---
const pollOf = (event) => event.detail?.ctx?.sourceElement?.closest?.("[data-poll]");
const stamp = (poll, fresh) => {
  const note = document.querySelector(`[data-poll-note="${poll.id}"]`);
  if (!note) return;
  note.classList.toggle("app-stale", !fresh);
  const clock = new Date().toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  if (fresh) note.textContent = `Updated ${clock}`;
  else if (!note.textContent.includes("retrying")) note.textContent += ". Connection lost, retrying";
};
for (const poll of document.querySelectorAll("[data-poll]")) stamp(poll, true);
document.addEventListener("htmx:before:request", (event) => {
  if (pollOf(event) && document.hidden) event.preventDefault();
});
document.addEventListener("htmx:before:response", (event) => {
  const { raw, status } = event.detail.ctx.response;
  const poll = pollOf(event);
  if (raw.redirected && new URL(raw.url).pathname.startsWith("/accounts/")) {
    event.preventDefault(); // never show the sign-in page inside a fragment
    location.reload();
  } else if (poll) {
    stamp(poll, status < 400);
    if (status >= 400) event.preventDefault(); // what is shown stays; the note says how old it is
  }
});
document.addEventListener("htmx:error", (event) => {
  const poll = pollOf(event);
  if (poll) stamp(poll, false);
});

// --- Forms: start at the first error, send once, warn before typed work is left ---
const focusError = (root) => root.querySelector("[data-error-summary]")?.focus();
focusError(document);
const isRead = (target) => target?.closest?.("[role=status], [aria-live]"); // read out, never focused
document.addEventListener("htmx:after:swap", (event) => {
  if (!pollOf(event) && !isRead(event.detail?.ctx?.target)) focusError(document);
});

const dirty = new Set();
document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-guard]");
  if (form) dirty.add(form);
});
document.addEventListener("submit", (event) => {
  const form = event.target;
  dirty.delete(form);
  if (form.method !== "post" || event.defaultPrevented) return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "yes";
  form.setAttribute("aria-busy", "true");
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    form.removeAttribute("aria-busy");
  }
});
addEventListener("beforeunload", (event) => {
  if ([...dirty].some((form) => form.isConnected)) event.preventDefault();
});

// --- Row tables: one more blank row ---
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-add-row]");
  if (!button) return;
  const table = document.getElementById(button.dataset.addRow);
  const count = table.querySelector("[data-row-count]");
  const number = Number(count.value); // a number, so that the markup below stays ours
  if (number >= Number(button.dataset.max)) return;
  const row = table.querySelector("template").content.firstElementChild.cloneNode(true);
  row.innerHTML = row.innerHTML.replaceAll("__n__", number).replaceAll("__row__", number + 1);
  table.querySelector("tbody").append(row);
  count.value = number + 1;
  table.querySelector("tbody tr:last-child :is(input, select, textarea)").focus();
});
document.addEventListener("DOMContentLoaded", () => {
  for (const button of document.querySelectorAll("[data-add-row]")) button.hidden = false;
});
