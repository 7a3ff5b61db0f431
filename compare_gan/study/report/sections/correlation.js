// The rank correlations of the metrics.

function startCorrelation() {
  const { rho, counts } = data.correlation;
  get("correlation").hidden = data.metrics.length < 2;
  if (data.metrics.length < 2) return;
  const rows = () => data.metrics.flatMap((a, i) => data.metrics.slice(0, i).map((b, j) => [a, b, rho[i][j], counts[i][j]]));
  fill("correlation",
    heatFigure(data.metrics, data.metrics, rho, (value) => mixed(TWO_WAYS, (value + 1) / 2), "Spearman correlations of the metrics"),
    make("figcaption", { textContent: "Spearman's correlation over the runs that have both scores. A metric of which more is better goes against one of which less is." }),
    behind(["metric", "metric", "Spearman", "runs"], rows));
}

startCorrelation();
