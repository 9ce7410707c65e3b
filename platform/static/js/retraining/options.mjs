// What ECharts is told to draw, by the kind of a drawing (retraining/charts/*.py). Each series has
// its own symbol or line, so that no colour stands alone.

import { forest, interval, matrix } from "./shapes.mjs";

const MARGIN = { left: 12, right: 24, top: 40, bottom: 12, containLabel: true };

const axis = (look, facts) => ({
  nameLocation: "middle",
  nameGap: 34,
  nameTextStyle: { color: look.colours.soft, fontFamily: look.colours.font },
  axisLine: { lineStyle: { color: look.colours.strong } },
  axisLabel: { color: look.colours.soft, fontFamily: look.colours.font, hideOverlap: true },
  splitLine: { lineStyle: { color: look.colours.line } },
  ...facts,
});

export const share = (look, name, facts = {}) =>
  axis(look, {
    name, type: "value", min: 0, max: 1,
    axisLabel: {
      color: look.colours.soft, fontFamily: look.colours.font, formatter: (at) => look.number(at, 1),
    },
    ...facts,
  });

const base = (look) => ({
  textStyle: { fontFamily: look.colours.font, color: look.colours.ink },
  color: [look.colours.first, look.colours.second, look.colours.third],
  grid: { ...MARGIN, bottom: 34, left: 34 },
  legend: { top: 0, textStyle: { color: look.colours.ink, fontFamily: look.colours.font } },
  tooltip: {
    trigger: "item", renderMode: "richText", confine: true,
    backgroundColor: look.colours.surface, borderColor: look.colours.strong,
    textStyle: { color: look.colours.ink, fontFamily: look.colours.font },
  },
});

// A straight dashed line from one point to another: chance, or what is right.
const guide = (look, from, to) => ({
  type: "line", data: [from, to], symbol: "none", silent: true, tooltip: { show: false },
  lineStyle: { type: "dashed", width: 1.5, color: look.colours.strong }, z: 1,
});

function curve(drawing, look) {
  const series = [{
    name: drawing.name, type: "line", symbol: "none", step: false, lineStyle: { width: 2.5 },
    areaStyle: { opacity: 0.08 }, data: drawing.points, encode: { x: 0, y: 1 },
  }];
  if (drawing.diagonal) series.push(guide(look, [0, 0], [1, 1]));
  if (drawing.level !== undefined && drawing.level !== null) {
    series.push(guide(look, [0, drawing.level], [1, drawing.level]));
  }
  if (drawing.mark) {
    series.push({
      name: drawing.mark_name, type: "scatter", symbol: "diamond", symbolSize: 16, z: 5,
      itemStyle: { color: look.colours.second }, data: [drawing.mark],
    });
  }
  const said = ({ value }) =>
    [
      `${drawing.x}: ${look.percent(value[0])}`,
      `${drawing.y}: ${look.percent(value[1])}`,
      ...(value.length > 2 ? [`${drawing.third}: ${look.number(value[2])}`] : []),
    ].join("\n");
  const tip = base(look).tooltip;
  return {
    ...base(look),
    legend: { ...base(look).legend, data: [drawing.name, ...(drawing.mark ? [drawing.mark_name] : [])] },
    tooltip: { ...tip, trigger: "axis", formatter: (all) => said(all.find((each) => each.value.length > 1)) },
    xAxis: share(look, drawing.x),
    yAxis: share(look, drawing.y, { nameGap: 40 }),
    series,
  };
}

function calibration(drawing, look) {
  const dots = {
    name: drawing.name, type: "line", symbol: "circle", symbolSize: 9, data: drawing.points,
    encode: { x: 0, y: 1 }, lineStyle: { width: 1.5 }, z: 4,
  };
  const whiskers = interval(drawing.interval, drawing.points.map(([x, , low, high]) => [x, low, high]), look);
  const said = ({ value }) =>
    [
      `${drawing.x}: ${look.percent(value[0])}`, `${drawing.y}: ${look.percent(value[1])}`,
      `${drawing.interval}: ${look.percent(value[2])} – ${look.percent(value[3])}`,
      `${drawing.cases}: ${look.number(value[4], 0)}`,
    ].join("\n");
  return {
    ...base(look),
    legend: { ...base(look).legend, data: [drawing.name, drawing.interval] },
    tooltip: { ...base(look).tooltip, formatter: (one) => (one.value.length > 3 ? said(one) : "") },
    xAxis: share(look, drawing.x),
    yAxis: share(look, drawing.y, { nameGap: 40 }),
    series: [guide(look, [0, 0], [1, 1]), whiskers, dots],
  };
}

function learning(drawing, look) {
  const line = {
    name: drawing.name, type: "line", symbol: "circle", symbolSize: 8, data: drawing.points,
    encode: { x: 0, y: 1 }, lineStyle: { width: 2.5 }, z: 4,
  };
  const whiskers = interval(drawing.interval, drawing.points.map(([x, , low, high]) => [x, low, high]), look);
  const said = ({ value }) =>
    `${drawing.x}: ${look.number(value[0], 0)}\n${drawing.y}: ${look.number(value[1])}` +
    (value.length > 3 ? `\n${drawing.interval}: ${look.number(value[2])} – ${look.number(value[3])}` : "");
  return {
    ...base(look),
    legend: { ...base(look).legend, data: [drawing.name, drawing.interval] },
    tooltip: { ...base(look).tooltip, formatter: said },
    xAxis: axis(look, { name: drawing.x, type: "value", min: 0 }),
    yAxis: share(look, drawing.y, {
      nameGap: 46, min: ({ min }) => Math.max(0, Math.floor(min * 20 - 0.5) / 20), scale: true,
      axisLabel: { color: look.colours.soft, formatter: (at) => look.number(at, 2) },
    }),
    series: [whiskers, line],
  };
}

function epochs(drawing, look) {
  const [train, validation] = drawing.names;
  const line = (name, column, facts) => ({
    name, type: "line", showSymbol: drawing.points.length < 40, symbolSize: 6,
    data: drawing.points.map((row) => [row[0], row[column]]), ...facts,
  });
  return {
    ...base(look),
    tooltip: { ...base(look).tooltip, trigger: "axis", valueFormatter: (value) => look.number(value) },
    xAxis: axis(look, { name: drawing.x, type: "value", minInterval: 1, min: 1, max: drawing.most }),
    yAxis: axis(look, {
      type: "value", scale: true,
      axisLabel: { color: look.colours.soft, formatter: (at) => look.number(at, 2) },
    }),
    series: [
      line(train, 1, { symbol: "circle", lineStyle: { width: 2 } }),
      line(validation, 2, { symbol: "triangle", lineStyle: { width: 2, type: "dashed" } }),
    ],
  };
}

const KINDS = { curve, calibration, learning, epochs, matrix, forest };

export const optionOf = (drawing, look) => KINDS[drawing.kind](drawing, look, base(look));
