// Draws the charts as PNG, to be looked at.
//
// usage: node render.js FOLDER [NAME…]

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Resvg } from "@resvg/resvg-js";
import { NAMES, draw, read } from "./support.js";

const [folder, ...chosen] = process.argv.slice(2);
if (!folder) {
  console.error("usage: node render.js FOLDER [NAME…]");
  process.exit(2);
}
mkdirSync(folder, { recursive: true });
for (const name of chosen.length > 0 ? chosen : NAMES) {
  const { view } = await draw(read(name));
  const picture = new Resvg(await view.toSVG(), { background: "white", font: { defaultFontFamily: "DejaVu Sans" } });
  writeFileSync(join(folder, `${name}.png`), picture.render().asPng());
}
