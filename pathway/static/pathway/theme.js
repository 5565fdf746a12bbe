// Sets light or dark before the first paint. Loaded in the head without defer; app.js changes the choice later.
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const choice = () => localStorage.getItem("theme") || "auto";
  const apply = () => {
    const on = choice() === "dark" || (choice() === "auto" && dark.matches);
    document.documentElement.classList.toggle("pf-v6-theme-dark", on);
  };
  apply();
  dark.addEventListener("change", apply);
  addEventListener("pathway:theme", apply);
})();
