// Elements made from texts only: nothing that the API says becomes markup.

export const byId = (id) => document.getElementById(id);

const fill = (made, given, children) => {
  for (const [name, value] of Object.entries(given)) {
    if (name === "on") for (const [kind, heard] of Object.entries(value)) made.addEventListener(kind, heard);
    else if (value !== undefined && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== undefined && child !== ""));
  return made;
};

export const make = (name, given = {}, ...children) => fill(document.createElement(name), given, children);

export const draw = (name, given = {}, ...children) =>
  fill(document.createElementNS("http://www.w3.org/2000/svg", name), given, children);

export const moves = () => !matchMedia("(prefers-reduced-motion: reduce)").matches;

/** One stop of the Tab key for a row of buttons; the arrow keys go along it. */
export const toolbar = (row) => {
  const buttons = [...row.querySelectorAll("button")];
  const stop = (at) => buttons.forEach((button, place) => { button.tabIndex = place === at ? 0 : -1; });
  stop(0);
  row.addEventListener("focusin", (event) => { if (buttons.includes(event.target)) stop(buttons.indexOf(event.target)); });
  row.addEventListener("keydown", (event) => {
    const at = buttons.indexOf(event.target), last = buttons.length - 1;
    const to = { ArrowRight: at === last ? 0 : at + 1, ArrowLeft: at ? at - 1 : last, Home: 0, End: last }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    buttons[to].focus();
  });
  return row;
};
