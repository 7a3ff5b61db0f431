// What is left once all sections are there: the links to them and the colors.

function startWords() {
  get("subtitle").textContent = `${data.runs.length} runs, scored by ${data.score} (${BETTER})`;
  const sections = [...document.querySelectorAll("main section")].filter((section) => !section.hidden);
  document.querySelector("nav").append(...sections.map((section) =>
    make("a", { href: `#${section.id}`, textContent: section.querySelector("h2").textContent })));
}

function startControls() {
  get("theme").onchange = () => {
    const theme = get("theme").value;
    if (theme) document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
  };
  get("close").onclick = () => get("dialog").close();
  get("dialog").onclick = (event) => { if (event.target === get("dialog")) get("dialog").close(); };
}

startWords();
startControls();
