"use strict";
// Draws a trial and a population of choice, and says the values under the pointer or the arrow keys.
// Without it the page shows the first population of the first trial.
(() => {
  const holder = document.getElementById("trajectories");
  const source = document.getElementById("traces");
  if (!holder || !source) return;
  const data = JSON.parse(source.textContent);
  const plot = holder.querySelector("svg.plot");
  const trial = document.getElementById("choose-trial");
  const population = document.getElementById("choose-population");
  const readout = document.getElementById("values");
  const key = document.getElementById("units");
  const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [720, 260, 58, 24, 12, 40];
  const KINDS = ["dashed", "dotted", "solid"];
  const times = data.times_ms;
  const last = times[times.length - 1];
  let at = -1;

  const make = (name, attributes, text) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    if (text !== undefined) node.textContent = text;
    return node;
  };
  const shown = (value) => Number(value.toPrecision(3)).toString();
  const ticks = (low, high) => {
    const rough = 10 ** Math.floor(Math.log10((high - low) / 5));
    const step = [1, 2, 5, 10].map((k) => k * rough).find((s) => (high - low) / s <= 5);
    const found = [];
    for (let i = Math.ceil(low / step - 1e-9); i <= Math.floor(high / step + 1e-9); i++) found.push(i * step);
    return found;
  };
  const kind = (index) => (index === data.levels.length - 1 ? KINDS[2] : KINDS[Math.min(index, 1)]);
  const across = (ms) => LEFT + ((WIDTH - LEFT - RIGHT) * ms) / last;

  function draw() {
    const chosen = data.populations[population.selectedIndex];
    const [low, high] = chosen.range;
    const down = (share) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - share);
    plot.replaceChildren();
    for (const value of ticks(0, last)) plot.append(make("text", { x: across(value), y: HEIGHT - BOTTOM + 16, "text-anchor": "middle" }, shown(value)));
    for (const value of ticks(low, high)) {
      const y = down((value - low) / (high - low));
      plot.append(make("path", { class: "grid", d: `M${LEFT} ${y}H${WIDTH - RIGHT}` }));
      plot.append(make("text", { x: LEFT - 6, y: y + 4, "text-anchor": "end" }, shown(value)));
    }
    plot.append(make("text", { x: (LEFT + WIDTH - RIGHT) / 2, y: HEIGHT - 6, "text-anchor": "middle" }, "time [ms]"));
    plot.append(make("text", { transform: `translate(14 ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)`, "text-anchor": "middle" }, `activity of ${chosen.name}`));
    data.levels.forEach((level, index) => {
      const units = level.activity[chosen.name][trial.selectedIndex];
      units.forEach((steps, place) => {
        const points = steps.map((s, i) => `${across(times[i]).toFixed(1)},${down(s / data.steps).toFixed(1)}`).join(" ");
        plot.append(make("polyline", { class: `u${chosen.units[place] % 10} ${kind(index)}`, points }));
      });
    });
    key.replaceChildren(...chosen.units.map((unit) => {
      const item = document.createElement("li");
      const sample = make("svg", { width: 28, height: 8, "aria-hidden": "true" });
      sample.append(make("polyline", { class: `u${unit % 10}`, points: "0,4 28,4" }));
      item.append(sample, `${chosen.name}[${unit}]`);
      return item;
    }));
    plot.setAttribute("aria-label", `Activity of ${chosen.name} over time, ${data.trials[trial.selectedIndex]}`);
    plot.append(make("path", { class: "cursor", id: "cursor", d: "" }));
    point(at);
  }

  function point(index) {
    at = index;
    const cursor = plot.querySelector("#cursor");
    if (!cursor || index < 0) return;
    cursor.setAttribute("d", `M${across(times[index])} ${TOP}V${HEIGHT - BOTTOM}`);
    const chosen = data.populations[population.selectedIndex];
    const [low, high] = chosen.range;
    const levels = data.levels.map((level) => {
      const units = level.activity[chosen.name][trial.selectedIndex];
      const values = units.map((steps, place) => [chosen.units[place], low + ((high - low) * steps[index]) / data.steps]);
      values.sort((a, b) => b[1] - a[1]);
      return `${level.name}: ${values.slice(0, 3).map(([unit, value]) => `${chosen.name}[${unit}] ${shown(value)}`).join(", ")}`;
    });
    readout.textContent = `${shown(times[index])} ms. ${levels.join("; ")}`;
  }

  plot.addEventListener("pointermove", (event) => {
    const box = plot.getBoundingClientRect();
    const ms = ((((event.clientX - box.left) * WIDTH) / box.width - LEFT) * last) / (WIDTH - LEFT - RIGHT);
    let best = 0;
    times.forEach((time, index) => { if (Math.abs(time - ms) < Math.abs(times[best] - ms)) best = index; });
    point(best);
  });
  plot.addEventListener("keydown", (event) => {
    const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!move) return;
    event.preventDefault();
    point(Math.min(Math.max(at + move, 0), times.length - 1));
  });
  plot.setAttribute("tabindex", "0");
  trial.addEventListener("change", draw);
  population.addEventListener("change", draw);
  holder.querySelector(".controls").hidden = false;
  draw();
})();
