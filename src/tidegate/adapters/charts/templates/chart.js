"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const host = document.getElementById("chart"), tip = document.getElementById("tip");
  const NS = "http://www.w3.org/2000/svg", LEFT = 8, RIGHT = 74, TOP = 18, GAP = 30;
  const COLOURS = ["var(--one)", "var(--two)", "var(--three)"];
  const symbols = Object.keys(data.positions);
  let from = data.begin, to = data.end, shown = null, press = null;

  const element = (name, attributes, parent, text) => {
    const made = document.createElementNS(NS, name);
    for (const key in attributes) made.setAttribute(key, attributes[key]);
    if (text !== undefined) made.textContent = text;
    if (parent) parent.appendChild(made);
    return made;
  };
  const clock = (ms, fine) => new Date(ms).toISOString().slice(11, fine ? 23 : 19);
  const figure = (value, digits) => value.toLocaleString("en-US", { maximumFractionDigits: digits });
  const panels = [
    ...data.books.map(book => ({ kind: "price", book, share: 5, name: book.symbol + (book.traded.length > 1 ?
      " (and " + book.traded.filter(one => one !== book.symbol).join(", ") + ")" : ""), curve: book.curve, colour: "var(--price)" })),
    { kind: "position", share: 1.6, name: "Position, in base" },
    { kind: "equity", share: 2, name: "Equity, " + data.currency, curve: data.equity, colour: "var(--equity)" },
    { kind: "drawdown", share: 1.3, name: "Drawdown, %", curve: data.drawdown, colour: "var(--fall)" },
  ];
  const inside = (begin, end) => end >= from && begin <= to;
  const index = ms => Math.floor((ms - data.begin) / data.step);

  function extent(panel) {
    let low = Infinity, high = -Infinity;
    const take = value => { if (value < low) low = value; if (value > high) high = value; };
    if (panel.curve) {
      for (let i = Math.max(0, index(from)); i <= Math.min(panel.curve.points.length - 1, index(to)); i++) {
        const point = panel.curve.points[i];
        if (point) { take(point[1]); take(point[2]); }
      }
    }
    if (panel.kind === "price") for (const fill of data.fills)
      if (panel.book.traded.includes(fill[2]) && inside(fill[0], fill[0])) take(fill[1]);
    if (panel.kind === "position") {
      take(0);
      for (const symbol of symbols) {
        const steps = data.positions[symbol];
        steps.forEach((step, i) => { if (inside(step[0], i + 1 < steps.length ? steps[i + 1][0] : data.end)) take(step[1]); });
      }
    }
    if (panel.kind === "drawdown") take(0);
    if (low === Infinity) return [0, 1];
    const pad = (high - low) * .06 || Math.abs(high) * .001 || 1;
    return [low - pad, high + pad];
  }

  function ticks(low, high, count) {
    const raw = (high - low) / count, power = Math.pow(10, Math.floor(Math.log10(raw)));
    const step = [1, 2, 5, 10].map(one => one * power).find(one => one >= raw), found = [];
    for (let value = Math.ceil(low / step) * step; value <= high; value += step) found.push(Math.abs(value) < step / 1e6 ? 0 : value);
    return { found, digits: Math.max(0, -Math.floor(Math.log10(step))) };
  }

  function curvePath(panel, x, y) {
    const breaks = new Set(panel.curve.breaks), points = panel.curve.points, parts = [];
    let pen = false;
    for (let i = Math.max(0, index(from) - 1); i <= Math.min(points.length - 1, index(to) + 1); i++) {
      const point = points[i];
      if (!point) { pen = false; continue; }
      const at = x(data.begin + (i + .5) * data.step).toFixed(1);
      for (const value of point) { parts.push((pen ? "L" : "M") + at + " " + y(value).toFixed(1)); pen = true; }
      if (breaks.has(i)) pen = false;
    }
    return parts.join("");
  }

  function draw() {
    const width = Math.max(320, host.clientWidth), height = Math.max(520, Math.min(900, window.innerHeight - 150));
    host.textContent = "";
    const svg = element("svg", { viewBox: `0 0 ${width} ${height}`, height }, host);
    const defs = element("defs", {}, svg);
    const hatch = element("pattern", { id: "hatch", width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, defs);
    element("rect", { width: 1.5, height: 6, fill: "var(--gap)" }, hatch);
    const right = width - RIGHT, x = ms => LEFT + (ms - from) / (to - from) * (right - LEFT);
    const room = height - TOP - GAP * (panels.length - 1) - 22, total = panels.reduce((sum, one) => sum + one.share, 0);
    let top = TOP;
    shown = { svg, width, height, right, x, panels: [] };
    panels.forEach((panel, number) => {
      const tall = room * panel.share / total, [low, high] = extent(panel);
      const y = value => top0 + tall - (value - low) / (high - low) * tall, top0 = top;
      const clip = element("clipPath", { id: "clip" + number }, defs);
      element("rect", { x: LEFT, y: top - 1, width: right - LEFT, height: tall + 2 }, clip);
      const { found, digits } = ticks(low, high, Math.max(2, Math.floor(tall / 45)));
      for (const value of found) {
        element("line", { class: "grid", x1: LEFT, x2: right, y1: y(value), y2: y(value) }, svg);
        element("text", { x: right + 6, y: y(value) + 4 }, svg, figure(value, digits));
      }
      const group = element("g", { "clip-path": `url(#clip${number})` }, svg);
      bands(group, panel, top, tall, x, right, number === 0);
      if (panel.kind === "price") price(group, panel, x, y);
      if (panel.kind === "position") position(group, x, y);
      if (panel.curve) element("path", { class: "curve", d: curvePath(panel, x, y), stroke: panel.colour }, group);
      if (panel.kind === "price") marks(group, panel, x, y);
      element("text", { class: "name", x: LEFT, y: top - 5 }, svg, panel.name);
      shown.panels.push({ panel, top, tall, y });
      top += tall + GAP;
    });
    axis(svg, x, right, height);
    shown.cross = element("line", { class: "cross", y1: TOP, y2: height - 20, x1: -9, x2: -9 }, svg);
    shown.pick = element("rect", { class: "pick", y: TOP, height: height - TOP - 20, x: 0, width: 0 }, svg);
    document.getElementById("span").textContent = clock(from) + " – " + clock(to);
  }

  function bands(group, panel, top, tall, x, right, isFirst) {
    for (const [begin, end, state, whose, why] of data.states) {
      if (!inside(begin, end)) continue;
      const left = Math.max(LEFT, x(begin)), width = Math.max(2, Math.min(right, x(end)) - left);
      element("rect", { class: state, x: left, y: top, width, height: tall }, group);
      if (isFirst && width > 60) element("text", { x: left + 4, y: top + 12 }, group, state + (whose === "account" ? "" : " " + whose));
    }
    const books = panel.book ? [panel.book] : data.books;
    for (const book of books) for (const [begin, end] of book.gaps) {
      if (!inside(begin, end)) continue;
      element("rect", { class: "gap", x: x(begin), y: top, width: Math.max(2, x(end) - x(begin)), height: tall, fill: "url(#hatch)", "fill-opacity": .6 }, group);
      if (panel.kind === "price" && x(end) - x(begin) > 30) element("text", { x: x(begin) + 4, y: top + tall - 5 }, group, "gap");
    }
  }

  function price(group, panel, x, y) {
    for (const [begin, end, at, symbol, side] of data.orders) {
      if (at === null || !panel.book.traded.includes(symbol) || !inside(begin, end)) continue;
      element("line", { class: "order " + side, x1: x(begin), x2: Math.max(x(begin) + 1.5, x(end)), y1: y(at), y2: y(at) }, group);
    }
  }

  function marks(group, panel, x, y) {
    const seen = data.fills.filter(fill => panel.book.traded.includes(fill[2]) && inside(fill[0], fill[0]));
    // Where many stand side by side they are drawn smaller, so that the price stays to be seen.
    const size = Math.max(.45, Math.min(1, (x(to) - x(from)) / (seen.length * 6 + 1)));
    for (const [at, paid, , side, , liquidity] of seen)
      element("path", { class: "fill " + side + " " + liquidity, d: triangle(x(at), y(paid), side, size) }, group);
  }

  const triangle = (x, y, side, size) => { const s = side === "BUY" ? size : -size;
    return `M${x.toFixed(1)} ${(y + 2 * s).toFixed(1)}l${-4.5 * size} ${8 * s}h${9 * size}z`; };

  function position(group, x, y) {
    element("line", { class: "cross", x1: LEFT, x2: x(to), y1: y(0), y2: y(0) }, group);
    symbols.forEach((symbol, number) => {
      let path = "";
      for (const [at, quantity] of data.positions[symbol])
        path += path ? `H${x(at).toFixed(1)}V${y(quantity).toFixed(1)}` : `M${x(at).toFixed(1)} ${y(quantity).toFixed(1)}`;
      element("path", { class: "curve", d: path + `H${x(data.end).toFixed(1)}`, stroke: COLOURS[number % 3],
        "stroke-dasharray": number ? "6 3" : "none" }, group);
    });
  }

  function axis(svg, x, right, height) {
    const steps = [.1, .5, 1, 5, 10, 30, 60, 300, 600, 1800, 3600, 7200, 21600, 86400].map(one => one * 1000);
    const step = steps.find(one => (right - LEFT) / ((to - from) / one) >= 90) || 86400000;
    for (let at = Math.ceil(from / step) * step; at <= to; at += step) {
      element("line", { class: "grid", x1: x(at), x2: x(at), y1: TOP, y2: height - 20, "stroke-opacity": .5 }, svg);
      const label = x(at) > right - 24 ? "end" : x(at) < LEFT + 24 ? "start" : "middle";
      element("text", { x: x(at), y: height - 6, "text-anchor": label }, svg, clock(at, step < 1000));
    }
  }

  function look(begin, end) {
    const least = Math.max(data.step * 4, 1000), wide = data.end - data.begin;
    const span = Math.min(wide, Math.max(least, end - begin)), middle = (begin + end) / 2;
    from = Math.max(data.begin, Math.min(data.end - span, middle - span / 2));
    to = from + span;
    tip.hidden = true;
    draw();
  }
  const zoom = (factor, at) => look(at - (at - from) * factor, at + (to - at) * factor);
  const move = share => look(from + (to - from) * share, to + (to - from) * share);
  const timeAt = event => from + (place(event)[0] - LEFT) / (shown.right - LEFT) * (to - from);
  const place = event => { const box = shown.svg.getBoundingClientRect();
    return [(event.clientX - box.left) * shown.width / box.width, (event.clientY - box.top) * shown.height / box.height]; };

  function nearest(px, py) {
    let best = null, least = 81;
    const consider = (dx, dy, words) => { const far = dx * dx + dy * dy; if (far < least) { least = far; best = words; } };
    for (const { panel, y } of shown.panels) {
      if (panel.kind !== "price") continue;
      for (const [at, paid, symbol, side, words, liquidity, fee, slippage] of data.fills)
        if (panel.book.traded.includes(symbol)) consider(shown.x(at) - px, y(paid) + (side === "BUY" ? 4 : -4) - py, clock(at, true) + " filled\n" + words +
          "\n" + liquidity + ", fee " + fee + (slippage ? "\nslippage " + slippage + " bps against the mid at the decision" : ""));
      if (best === null) for (const [begin, end, at, symbol, , words] of data.orders)
        if (at !== null && panel.book.traded.includes(symbol) && shown.x(begin) - 3 < px && px < shown.x(end) + 3)
          consider(0, (y(at) - py) * 1.8, clock(begin, true) + " – " + clock(end, true) + "\n" + words);
    }
    return best;
  }

  function values(ms) {
    const lines = [clock(ms)], at = index(ms);
    const say = (name, curve, digits) => { const point = curve.points[at];
      lines.push(name + " " + (point ? (point[1] === point[2] ? figure(point[3], digits) :
        figure(point[1], digits) + " to " + figure(point[2], digits) + ", last " + figure(point[3], digits)) : "not known")); };
    for (const book of data.books) {
      say(book.symbol, book.curve, 8);
      for (const [begin, end, why] of book.gaps) if (begin <= ms && ms <= end) lines.push("gap: " + why);
    }
    for (const symbol of symbols) {
      let held = 0;
      for (const [when, quantity] of data.positions[symbol]) { if (when > ms) break; held = quantity; }
      lines.push("position " + symbol + " " + figure(held, 8));
    }
    say("equity", data.equity, 2);
    say("drawdown %", data.drawdown, 3);
    for (const [begin, end, state, whose, why] of data.states) if (begin <= ms && ms <= end) lines.push(state + " " + whose + (why ? ": " + why : ""));
    return lines.join("\n");
  }

  function hover(event) {
    const [px, py] = place(event);
    if (px < LEFT || px > shown.right) { leave(); return; }
    shown.cross.setAttribute("x1", px);
    shown.cross.setAttribute("x2", px);
    tip.textContent = nearest(px, py) || values(timeAt(event));
    tip.hidden = false;
    const x = Math.min(event.pageX + 14, window.scrollX + document.documentElement.clientWidth - tip.offsetWidth - 8);
    tip.style.left = Math.max(4, x) + "px";
    tip.style.top = Math.max(window.scrollY + 4, event.pageY - tip.offsetHeight - 12) + "px";
  }
  function leave() { tip.hidden = true; shown.cross.setAttribute("x1", -9); shown.cross.setAttribute("x2", -9); }

  host.addEventListener("pointerdown", event => { press = { at: timeAt(event), x: place(event)[0], moves: event.shiftKey, from, to };
    host.setPointerCapture(event.pointerId); });
  host.addEventListener("pointermove", event => {
    if (!press) { hover(event); return; }
    const x = place(event)[0];
    if (press.moves) { const by = (press.x - x) / (shown.right - LEFT) * (press.to - press.from); look(press.from + by, press.to + by); }
    else { shown.pick.setAttribute("x", Math.min(x, press.x)); shown.pick.setAttribute("width", Math.abs(x - press.x)); }
  });
  host.addEventListener("pointerup", event => {
    const was = press, x = place(event)[0];
    press = null;
    shown.pick.setAttribute("width", 0);
    if (was && !was.moves && Math.abs(x - was.x) > 6) look(Math.min(was.at, timeAt(event)), Math.max(was.at, timeAt(event)));
  });
  host.addEventListener("pointercancel", () => { press = null; });
  host.addEventListener("pointerleave", leave);
  host.addEventListener("dblclick", () => look(data.begin, data.end));
  host.addEventListener("wheel", event => { event.preventDefault(); zoom(event.deltaY > 0 ? 1.25 : .8, timeAt(event)); }, { passive: false });
  host.addEventListener("keydown", event => {
    const acts = { "+": () => zoom(.7, (from + to) / 2), "=": () => zoom(.7, (from + to) / 2), "-": () => zoom(1.4, (from + to) / 2),
      ArrowLeft: () => move(-.2), ArrowRight: () => move(.2), "0": () => look(data.begin, data.end) };
    if (acts[event.key]) { event.preventDefault(); acts[event.key](); }
  });
  document.getElementById("whole").addEventListener("click", () => look(data.begin, data.end));
  window.addEventListener("resize", draw);

  draw();
  const legend = document.getElementById("legend");
  const entry = (words, make) => { const item = document.createElement("li"), svg = element("svg", { viewBox: "0 0 18 12" }, item);
    make(svg); item.append(words); legend.appendChild(item); };
  entry("buy filled (hollow: maker)", svg => element("path", { class: "fill BUY", d: triangle(9, 0, "BUY", 1) }, svg));
  entry("sell filled (hollow: maker)", svg => element("path", { class: "fill SELL", d: triangle(9, 12, "SELL", 1) }, svg));
  entry("buy order at rest", svg => element("line", { class: "order BUY", x1: 0, x2: 18, y1: 6, y2: 6 }, svg));
  entry("sell order at rest", svg => element("line", { class: "order SELL", x1: 0, x2: 18, y1: 6, y2: 6 }, svg));
  symbols.forEach((symbol, number) => entry("position " + symbol, svg => element("line", { x1: 0, x2: 18, y1: 6, y2: 6, "stroke-width": 2,
    stroke: COLOURS[number % 3], "stroke-dasharray": number ? "6 3" : "none" }, svg)));
  if (data.books.some(book => book.gaps.length)) entry("gap in the recording", svg => element("rect", { width: 18, height: 12, fill: "url(#hatch)" }, svg));
  for (const state of ["REDUCING", "HALTED"]) if (data.states.some(one => one[2] === state))
    entry(state, svg => element("rect", { class: state, width: 18, height: 12 }, svg));
})();
