// How the figures came about.

document.querySelector("#method dl").append(...data.facts.flatMap(([name, words]) =>
  [make("dt", { textContent: name }), make("dd", { textContent: words })]));
