// Each chart against Vega-Lite's own schema, compiled and drawn without a browser.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import Ajv from "ajv";
import addFormats from "ajv-formats";
import { NAMES, draw, items, read } from "./support.js";

// West of London, where a date that is read as midnight in London is the day before.
process.env.TZ = "America/Los_Angeles";

const validate = schema();

/** How Vega marks the values of each kind of chart. */
const MARKS = { number: "text", line: "line", bar: "rect", grouped: "rect", scatter: "symbol" };

/** Pixels that a letter takes, about. */
const LETTER = 6;

test("there is a chart of every kind", () => {
  assert.deepEqual(new Set(NAMES.map(kindOf)), new Set(Object.keys(MARKS)));
});

for (const name of NAMES) {
  const spec = read(name);

  test(`${name} is valid`, () => {
    assert.ok(validate(spec), JSON.stringify(validate.errors?.slice(0, 5), null, 2));
  });

  test(`${name} shows its values`, async () => {
    const { view, warnings } = await draw(spec);
    assert.deepEqual(warnings, []);
    // A bar of nothing is there, though it cannot be seen; a point is not.
    const isShown = (value) => spec.mark.type === "bar" || value[spec.encoding.y?.field] !== null;
    const marks = marksOf(view, MARKS[kindOf(name)]);
    assert.equal(marks.length, spec.data.values.filter(isShown).length);
    for (const { x, y } of marks) {
      assert.ok(x >= 0 && x <= spec.width && y >= 0 && y <= spec.height, `${x}, ${y}`);
    }
    const [, width] = (await view.toSVG()).match(/^<svg [^>]* width="([\d.]+)"/);
    assert.ok(Math.abs(width - spec.width) <= 1, `it is ${width} pixels wide`);
  });

  test(`${name} says what it shows`, async () => {
    const { view } = await draw(spec);
    const svg = await view.toSVG();
    assert.ok(texts(svg).includes(spec.title) || !spec.title, "the title is missing");
    for (const channel of ["x", "y"].filter((channel) => channel in spec.encoding)) {
      const { title, axis } = spec.encoding[channel];
      assert.ok(axis?.title === null || title === null || texts(svg).includes(title), `${channel} has no title`);
    }
    const below = items(view, "axis-label").filter((label) => isBelow(label) && label.opacity > 0);
    below.sort((one, other) => one.x - other.x);
    for (const [position, { x, text }] of below.slice(1).entries()) {
      const before = below[position];
      const room = (LETTER * (text.length + before.text.length)) / 2;
      assert.ok(x - before.x > room, `${before.text} and ${text} overlap`);
    }
  });
}

test("bars stand in the order of the rows", async () => {
  assert.deepEqual(await labels("bar", "x"), ["South", "North", "East", "West"]);
  const { data } = read("bar_horizontal");
  assert.equal((await labels("bar_horizontal", "y"))[0], data.values[0].artist);
});

test("what has an order of its own stands in it", async () => {
  assert.deepEqual(await labels("bar_weekdays", "x"), ["1", "2", "3", "4", "5", "6", "7"]);
  const { view } = await draw(read("grouped_bar_two_years"));
  assert.deepEqual(items(view, "legend-label").map(({ text }) => text), ["2023", "2024"]);
});

test("a bar is as long as its number", async () => {
  const { view } = await draw(read("bar"));
  const bars = marksOf(view, "rect");
  const longest = bars[0];
  for (const { height, datum } of bars) {
    assert.ok(Math.abs(height / longest.height - datum.revenue / longest.datum.revenue) < 1e-6);
  }
});

test("days are those of the data, wherever the browser is", async () => {
  assert.deepEqual(await labels("line_few_days", "x"), ["30 Mar 2024", "31 Mar 2024", "1 Apr 2024"]);
  assert.deepEqual(await labels("line_quarters", "x"), ["Q3 2023", "Q4 2023", "Q1 2024", "Q2 2024"]);
  assert.deepEqual(await labels("line_measures", "x"), ["2019", "2020", "2021", "2022", "2023"]);
  const months = ["Nov 2023", "Dec 2023", "Jan 2024", "Feb 2024"];
  assert.deepEqual((await labels("line_months", "x")).slice(0, 4), months);
  assert.deepEqual(await labels("line_year_and_month", "x"), months);
  assert.deepEqual(await labels("number_of_a_month", "x"), ["1 Nov 2024"]);
  const { view } = await draw(read("line_few_days"));
  const tooltips = marksOf(view, "symbol").map(({ tooltip }) => tooltip["Order date"]);
  assert.deepEqual(tooltips, ["30 Mar 2024", "31 Mar 2024", "1 Apr 2024"]);
});

test("numbers are written as people write them", async () => {
  const text = async (name) => marksOf((await draw(read(name))).view, "text").map(({ text }) => text);
  assert.deepEqual(await text("number"), ["1,234,567.89"]);
  assert.deepEqual(await text("number_share"), ["7.3%"]);
  assert.deepEqual(await text("number_row"), ["312", "144.9", "9,812"]);
});

test("names and values are text, whatever they hold", async () => {
  const spec = read("bar_awkward_names");
  const { view } = await draw(spec);
  const shown = marksOf(view, "rect").map(({ tooltip }) => tooltip["A b 0 c d"]);
  assert.deepEqual(shown, spec.data.values.map(({ column_1 }) => column_1));
  assert.ok(!(await view.toSVG()).includes("<img"));
});

function kindOf(name) {
  return name.split("_")[0];
}

/** The values' marks of a kind, but for those without a place. */
function marksOf(view, kind) {
  return items(view, "mark").filter(({ mark, defined }) => mark.marktype === kind && defined !== false);
}

function isBelow({ mark }) {
  return mark.group.orient === "bottom";
}

/** What is written along an axis. */
async function labels(name, channel) {
  const { view } = await draw(read(name));
  const shown = items(view, "axis-label").filter((label) => isBelow(label) === (channel === "x") && label.opacity > 0);
  return shown.map(({ text }) => text);
}

/** All that is written in a picture. */
function texts(svg) {
  const plain = (text) => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
  return [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => plain(text));
}

function schema() {
  const file = createRequire(import.meta.url).resolve("vega-lite/vega-lite-schema.json");
  const ajv = new Ajv({ allErrors: true, strict: false });
  addFormats(ajv);
  ajv.addFormat("color-hex", /^#([0-9a-f]{3}){1,2}$/i);
  return ajv.compile(JSON.parse(readFileSync(file, "utf8")));
}
