// Opens each page at four widths in light and dark, and prints what is wrong with it as JSON:
//   node look.mjs MODULES CHROMIUM PICTURES ADDRESS...
// Asked of each: no console errors and nothing that its policy refused, no sideways scrolling of the whole page, no
// violation of axe-core (all rules on), and of a report that its script draws what is chosen.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";

const [modules, chromium, pictures, ...pages] = process.argv.slice(2);
const require = createRequire(join(modules, "package.json"));
const puppeteer = require("puppeteer-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const WIDTHS = [390, 820, 1100, 1440];
const SCHEMES = ["light", "dark"];

const browser = await (puppeteer.default ?? puppeteer).launch({
  executablePath: chromium,
  args: ["--no-sandbox", "--disable-gpu", "--hide-scrollbars"],
});
const found = [];
try {
  for (const path of pages) {
    for (const width of WIDTHS) {
      for (const scheme of SCHEMES) {
        found.push(await look(path, width, scheme));
      }
    }
  }
} finally {
  await browser.close();
}
process.stdout.write(JSON.stringify(found));

async function look(path, width, scheme) {
  const page = await browser.newPage();
  const errors = [];
  page.on("console", (message) => { if (message.type() === "error") errors.push(message.text()); });
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("requestfailed", (request) => errors.push(`${request.url()}: ${request.failure()?.errorText}`));
  await page.setViewport({ width, height: 900 });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  await page.goto(path, { waitUntil: "load" });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  const drawn = await page.evaluate(() => {
    const choice = document.getElementById("choose-population");
    if (!choice) return null;
    choice.selectedIndex = choice.options.length - 1;
    choice.dispatchEvent(new Event("change"));
    const plot = document.querySelector("#trajectories svg.plot");
    return { label: plot.getAttribute("aria-label"), lines: plot.querySelectorAll("polyline").length };
  });
  // Its policy forbids scripts from elsewhere: what it says of the page itself was seen before axe-core comes in.
  const axeErrors = await page.evaluate(`(() => { const module = undefined; ${axe}; return axe.run(document, { resultTypes: ["violations"] }); })()`);
  const violations = axeErrors.violations.map((entry) => `${entry.id}: ${entry.help} (${entry.nodes.slice(0, 3).map((node) => node.target.join(" ")).join("; ")})`);
  const picture = join(pictures, `${basename(path, ".html")}-${width}-${scheme}.png`);
  await page.screenshot({ path: picture, fullPage: false });
  await page.close();
  return { path, width, scheme, errors, overflow_px: wide, drawn, violations, passes: axeErrors.passes.length };
}
