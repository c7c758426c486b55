// The charts that nlq draws, from the snapshots of its tests, and what Vega makes of them.

import { readFileSync, readdirSync } from "node:fs";
import { View, Warn, logger as makeLogger, parse } from "vega";
import { compile } from "vega-lite";

const FOLDER = new URL("../../functions/nlq/src/chart/snapshots/", import.meta.url);

/** The names of all charts. Each begins with its kind. */
export const NAMES = readdirSync(FOLDER)
  .filter((file) => file.endsWith(".snap"))
  .map((file) => file.slice(0, -".snap".length));

/** A specification, which follows the snapshot's header. */
export function read(name) {
  const text = readFileSync(new URL(`${name}.snap`, FOLDER), "utf8");
  return JSON.parse(text.slice(text.indexOf("\n---\n") + 5));
}

/** A chart without a browser, and what Vega-Lite and Vega warned of. */
export async function draw(spec) {
  const warnings = [];
  const logger = makeLogger(Warn, undefined, (_method, _level, input) => warnings.push(...input));
  const compiled = compile(spec, { logger });
  const view = new View(parse(compiled.spec), { renderer: "none", logger });
  await view.runAsync();
  return { view, warnings };
}

/** What of a role is drawn: the items of its groups in order. */
export function items(view, role) {
  const found = [];
  const visit = (mark) => {
    if (mark.role === role) {
      found.push(...mark.items);
    }
    for (const item of mark.items ?? []) {
      item.items?.forEach(visit);
    }
  };
  visit(view.scenegraph().root);
  return found;
}
