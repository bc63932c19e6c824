// Takes pictures of pages:  node shoot.mjs MODULES CHROMIUM WISHES
// WISHES is a JSON file, a list of {address, width, height, scheme, picture, selector}: the window, or what the selector
// names where one is given. Pictures are of one pixel a pixel.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const [modules, chromium, wishes] = process.argv.slice(2);
const require = createRequire(join(modules, "package.json"));
const puppeteer = require("puppeteer-core");
const browser = await (puppeteer.default ?? puppeteer).launch({
  executablePath: chromium,
  args: ["--no-sandbox", "--disable-gpu", "--hide-scrollbars"],
});
try {
  for (const { address, width, height, scheme, picture, selector } of JSON.parse(readFileSync(wishes, "utf8"))) {
    const page = await browser.newPage();
    await page.setViewport({ width, height });
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    await page.goto(address, { waitUntil: "networkidle0" });
    const shown = selector ? await page.$(selector) : page;
    if (!shown) throw new Error(`${address} has no ${selector}`);
    await shown.screenshot({ path: picture });
    await page.close();
  }
} finally {
  await browser.close();
}
