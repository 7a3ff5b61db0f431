// The medians by two axes.

function interactionOf(first, second) {
  const straight = data.interactions.find(({ axes }) => axes[0] === first && axes[1] === second);
  if (straight) return straight;
  const other = data.interactions.find(({ axes }) => axes[0] === second && axes[1] === first);
  const turned = (matrix) => data.axes[first].map((_, i) => data.axes[second].map((__, j) => matrix[j][i]));
  return { medians: turned(other.medians), counts: turned(other.counts) };
}

function startInteraction() {
  const axes = Object.keys(data.axes);
  get("interaction").hidden = axes.length < 2;
  if (axes.length < 2) return;
  const holder = make("div");
  const draw = () => {
    const [first, second] = [rowMenu.value, columnMenu.value];
    if (first === second) return holder.replaceChildren(note("Choose two different axes."));
    const { medians, counts } = interactionOf(first, second);
    const numbers = medians.flat().filter(known);
    const [low, high] = numbers.length ? [Math.min(...numbers), Math.max(...numbers)] : [0, 1];
    const color = (value) => {
      const share = high > low ? (value - low) / (high - low) : 0.5;
      return mixed(CIVIDIS, data.lower_is_better ? 1 - share : share);
    };
    const rows = () => data.axes[first].flatMap((a, i) => data.axes[second].map((b, j) => [a, b, medians[i][j], counts[i][j]]));
    holder.replaceChildren(
      heatFigure(data.axes[first], data.axes[second], medians, color, `Median ${data.score} by ${first} and ${second}`,
        (i, j) => (counts[i][j] ? "failed" : "–")),
      make("figcaption", { textContent: `Median ${data.score} over the settings of each pair of values (rows ${first}, columns ${second}); ${BETTER}, yellow is best. failed: half of them or more. –: none were tried.` }),
      behind([first, second, `median ${data.score}`, "settings"], rows));
  };
  const [rowLabel, rowMenu] = menu("Rows", axes, draw);
  const [columnLabel, columnMenu] = menu("Columns", axes, draw);
  rowMenu.id = "interaction-rows";
  columnMenu.id = "interaction-columns";
  columnMenu.value = axes[1];
  draw();
  fill("interaction", make("div", { className: "row" }, [rowLabel, columnLabel]), holder);
}

startInteraction();
