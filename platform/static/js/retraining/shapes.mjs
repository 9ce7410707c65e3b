// The drawings that ECharts has no ready series for: intervals, a matrix of counts, a forest.

const CAP = 5;

// Upright lines from low to high at each x: rows of [x, low, high].
export const interval = (name, rows, look) => ({
  name, type: "custom", data: rows, encode: { x: 0, y: [1, 2] }, z: 3,
  itemStyle: { color: look.colours.strong },
  renderItem(_facts, api) {
    const low = api.coord([api.value(0), api.value(1)]);
    const high = api.coord([api.value(0), api.value(2)]);
    return bar(low, high, look.colours.strong, true);
  },
});

function bar(from, to, colour, isUpright) {
  const [across, along] = isUpright ? [CAP, 0] : [0, CAP];
  const line = ([x1, y1], [x2, y2]) => ({
    type: "line", shape: { x1, y1, x2, y2 }, style: { stroke: colour, lineWidth: 1.6 },
  });
  const cap = ([x, y]) => line([x - across, y - along], [x + across, y + along]);
  return { type: "group", children: [line(from, to), cap(from), cap(to)] };
}

// A paper as dark as its share of the row; the count and the share are written on it.
export function matrix(drawing, look, base) {
  const cells = drawing.rows.flatMap((row, truth) => {
    const all = row.reduce((sum, count) => sum + count, 0);
    return row.map((count, answer) => [answer, truth, all ? count / all : 0, count]);
  });
  const isTight = !look.isWide && drawing.answers.length > 2;
  const names = (list, facts) => ({
    type: "category", data: list, splitArea: { show: false }, axisTick: { show: false },
    axisLine: { show: false }, nameLocation: "middle",
    nameTextStyle: { color: look.colours.soft },
    axisLabel: { color: look.colours.ink, width: look.isWide ? 150 : isTight ? 62 : 84, overflow: "break", lineHeight: 15, interval: 0 },
    ...facts,
  });
  const said = ({ value }) => `${look.number(value[3], 0)} ${drawing.unit}\n${look.percent(value[2])}`;
  return {
    ...base,
    legend: { show: false },
    grid: { left: 36, right: 12, top: look.isWide ? 46 : 62, bottom: 12, containLabel: true },
    tooltip: { ...base.tooltip, formatter: said },
    xAxis: names(drawing.answers, { position: "top", name: drawing.said, nameGap: look.isWide ? 30 : 46 }),
    yAxis: names(drawing.truths, { inverse: true, name: drawing.truth, nameGap: look.isWide ? 130 : 106 }),
    visualMap: { show: false, min: 0, max: 1, dimension: 2, inRange: { color: [look.colours.surface, look.colours.first] } },
    series: [{
      type: "heatmap", data: cells,
      itemStyle: { borderColor: look.colours.strong, borderWidth: 1 },
      label: {
        show: true,
        formatter: ({ value }) =>
          look.number(value[3], 0) + (isTight ? "" : `\n${look.percent(value[2])}`),
        fontSize: 15, lineHeight: 21, color: look.colours.ink, padding: [4, 8], borderRadius: 6,
        backgroundColor: look.colours.surface,
      },
      emphasis: { itemStyle: { borderWidth: 3 } },
    }],
  };
}

const SYMBOLS = ["circle", "diamond", "triangle"];

// Groups from top to bottom, a figure and its interval for each series, side by side.
export function forest(drawing, look, base) {
  const many = drawing.series.length;
  const place = (group, one) => group + (one - (many - 1) / 2) * (0.62 / many);
  const palette = [look.colours.first, look.colours.second, look.colours.third];
  const found = (series, one) =>
    series.points.map(([value, low, high], group) => [value, place(group, one), low, high])
      .filter(([value]) => value !== null);
  const dots = drawing.series.map((series, one) => ({
    name: series.name, type: "scatter", symbol: SYMBOLS[one], symbolSize: 11, z: 4,
    data: found(series, one), itemStyle: { color: palette[one] },
  }));
  const lines = drawing.series.map((series, one) => ({
    name: series.name, type: "custom", z: 3, silent: true, itemStyle: { color: palette[one] },
    data: found(series, one).filter(([, , low]) => low !== null),
    encode: { x: [2, 3], y: 1 },
    renderItem: (_facts, api) =>
      bar(api.coord([api.value(2), api.value(1)]), api.coord([api.value(3), api.value(1)]), palette[one], false),
  }));
  const lowest = Math.min(...drawing.series.flatMap(({ points }) => points.map(([value, low]) => low ?? value ?? 1)));
  const step = lowest > 0.82 ? 0.05 : lowest > 0.52 ? 0.1 : 0.2;
  const said = ({ value, seriesName }) =>
    `${drawing.groups[Math.round(value[1])].replace("\n", " ")}\n${seriesName}: ${look.number(value[0])}` +
    (value[2] === null ? "" : `\n${drawing.interval}: ${look.number(value[2])} – ${look.number(value[3])}`);
  const label = (at) => (Number.isInteger(at) ? (drawing.groups[at] ?? "") : "");
  return {
    ...base,
    legend: { ...base.legend, show: many > 1, data: drawing.series.map(({ name }) => name) },
    grid: { left: 12, right: 24, top: many > 1 ? (look.isWide ? 40 : 58) : 12, bottom: 12, containLabel: true },
    tooltip: { ...base.tooltip, formatter: said },
    xAxis: {
      type: "value", min: Math.max(0, 1 - step * Math.ceil((1.02 - lowest) / step)), max: 1, interval: step,
      axisLabel: { color: look.colours.soft, formatter: (at) => look.number(at, 2), hideOverlap: true },
      axisLine: { onZero: false, lineStyle: { color: look.colours.strong } },
      splitLine: { lineStyle: { color: look.colours.line } },
    },
    yAxis: {
      type: "value", inverse: true, min: -0.5, max: drawing.groups.length - 0.5, interval: 0.5,
      axisLabel: { color: look.colours.ink, formatter: label, width: look.isWide ? 190 : 118, overflow: "break", lineHeight: 15 },
      splitLine: { show: false }, axisLine: { show: false }, axisTick: { show: false },
    },
    series: [...dots, ...lines],
  };
}
