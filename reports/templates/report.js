"use strict";
(() => {
  const one = (selector) => document.querySelector(selector);
  const all = (selector) => [...document.querySelectorAll(selector)];
  const search = one("#search"), area = one("#area"), run = one("#run"), form = one(".tools");
  const toggles = all(".toggle[data-verdict]"), rules = all(".rule"), areas = all(".area");
  const pressed = (button) => button.getAttribute("aria-pressed") === "true";
  const press = (button, on) => button.setAttribute("aria-pressed", String(on));

  const wanted = () => toggles.filter(pressed).map((button) => button.dataset.verdict);

  // A rule matches a run's column, or any column where no run is chosen.
  function matches(rule, words, verdicts) {
    const columns = rule.dataset.verdicts.split(" ");
    const looked = run.value === "" ? columns : [columns[Number(run.value)]];
    return looked.some((verdict) => verdict !== "none" && (!verdicts.length || verdicts.includes(verdict)))
      && (!area.value || rule.parentElement.dataset.area === area.value)
      && words.every((word) => rule.dataset.text.includes(word));
  }

  function filter() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean), verdicts = wanted();
    let shown = 0;
    for (const rule of rules) {
      rule.hidden = !matches(rule, words, verdicts);
      shown += rule.hidden ? 0 : 1;
    }
    for (const each of areas) each.hidden = !each.querySelector(".rule:not([hidden])");
    one("#shown").textContent = shown === rules.length ? `${shown} rules` : `${shown} of ${rules.length} rules`;
    one(".nothing").hidden = shown > 0;
    one(".reset").hidden = !(words.length || verdicts.length || area.value || run.value);
  }

  function clear() {
    search.value = area.value = run.value = "";
    toggles.forEach((button) => press(button, false));
    filter();
  }

  // #BACKOFF-001 opens that rule, whatever the filters say.
  function follow() {
    const rule = rules.find((each) => `#${each.id}` === location.hash);
    if (!rule) return;
    if (rule.hidden) clear();
    rule.open = true;
    rule.scrollIntoView();
    rule.querySelector("summary").focus({ preventScroll: true });
  }

  async function copy(button) {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = "Copied";
    } catch {  // no permission: select the text, so that one key copies it
      getSelection().selectAllChildren(button.previousElementSibling);
      button.textContent = "Selected";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 1600);
  }

  search.addEventListener("input", filter);
  area.addEventListener("change", filter);
  run.addEventListener("change", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", (event) => { event.preventDefault(); clear(); search.focus(); });
  toggles.forEach((button) => button.addEventListener("click", () => { press(button, !pressed(button)); filter(); }));
  all(".copy").forEach((button) => button.addEventListener("click", () => copy(button)));
  rules.forEach((rule) => rule.querySelector("summary").addEventListener("click", () => {
    history.replaceState(null, "", rule.open ? location.pathname + location.search : `#${rule.id}`);
  }));
  addEventListener("hashchange", follow);
  addEventListener("keydown", (event) => {
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName);
    if (event.key === "/" && !typing) { event.preventDefault(); search.focus(); }
  });
  filter();
  follow();
})();
