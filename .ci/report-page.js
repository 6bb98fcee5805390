// What .ci/proof-report measures in a page; every function returns plain values.
({
  name(element) {
    const text = element.id || element.getAttribute("aria-label") || element.textContent;
    return `<${element.localName}> ${text.trim().replace(/\s+/g, " ").slice(0, 50)}`;
  },

  // Whatever could be loaded, run or shown from elsewhere.
  foreign() {
    const found = [];
    const links = ["src", "srcset", "href", "xlink:href", "poster", "action", "formaction", "data",
      "background", "ping"];
    for (const element of document.querySelectorAll("*")) {
      for (const { name, value } of element.attributes) {
        if (name.startsWith("on")) found.push(`${this.name(element)}: ${name}`);
        if (links.includes(name) && !/^(#|data:image\/)/.test(value))
          found.push(`${this.name(element)}: ${name}=${value.slice(0, 60)}`);
        if (name === "style" && /url\(/.test(value)) found.push(`${this.name(element)}: ${value}`);
      }
      if (["script", "link", "iframe", "frame", "object", "embed", "base", "audio", "video",
        "foreignobject"].includes(element.localName)) found.push(this.name(element));
      if (element.localName === "meta" && element.httpEquiv) found.push(element.outerHTML);
      if (element.localName === "style" && /@import|url\(/.test(element.textContent))
        found.push("a style sheet loads something");
    }
    return found;
  },

  structure() {
    const ids = [...document.querySelectorAll("[id]")].map(element => element.id);
    const problems = [];
    if (!document.documentElement.lang) problems.push("no lang");
    if (!document.title.trim()) problems.push("no title");
    if (document.compatMode !== "CSS1Compat") problems.push("quirks mode");
    if (document.characterSet !== "UTF-8") problems.push(document.characterSet);
    if (document.querySelectorAll("main").length !== 1) problems.push("not one main");
    if (new Set(ids).size !== ids.length) problems.push("an id twice");
    for (const link of document.querySelectorAll("a"))
      if (!ids.includes(decodeURIComponent((link.getAttribute("href") || "").slice(1))))
        problems.push(`leads nowhere: ${this.name(link)}`);
    return problems;
  },

  tables() {
    const problems = [];
    const tables = [...document.querySelectorAll("table")];
    for (const table of tables) {
      const name = this.name(table);
      if (!table.caption || !table.caption.textContent.trim()) problems.push(`${name}: no caption`);
      if (table.tHead && [...table.tHead.rows].some(row =>
        [...row.cells].some(cell => cell.localName !== "th" || cell.scope !== "col")))
        problems.push(`${name}: a column without a header`);
      for (const body of table.tBodies) for (const row of body.rows)
        if (row.cells[0].localName !== "th" || row.cells[0].scope !== "row")
          problems.push(`${name}: a row without a header: ${this.name(row)}`);
    }
    return { count: tables.length, problems };
  },

  // Texts of charts and tables whose words are not broken.
  labels() {
    return [...document.querySelectorAll("svg text, caption, th, td.number")]
      .map(text => text.textContent);
  },

  images() { return document.querySelectorAll("svg, img").length; },

  // The size on the screen of the letters of an element, in CSS pixels.
  letters(element) {
    const size = parseFloat(getComputedStyle(element).fontSize);
    if (!element.ownerSVGElement) return size;
    const matrix = element.getScreenCTM();
    return size * Math.hypot(matrix.a, matrix.b);
  },

  // The texts that are seen, each with its element and its rectangles.
  texts() {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = [];
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const element = node.parentElement;
      if (!node.data.trim() || ["title", "desc", "style", "script"].includes(element.localName))
        continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      const boxes = element.ownerSVGElement
        ? [element.getBoundingClientRect()] : [...range.getClientRects()];
      found.push({ element, text: node.data.trim(), boxes: boxes.filter(box => box.width > 0) });
    }
    return found;
  },

  // How far the page itself is wider than the window, and what stands out.
  overflow() {
    const width = document.documentElement.clientWidth;
    const scrolls = element => {
      for (let box = element.parentElement; box; box = box.parentElement)
        if (/auto|scroll|hidden/.test(getComputedStyle(box).overflowX)) return true;
      return false;
    };
    const out = [...document.querySelectorAll("main *")].filter(element =>
      element.getBoundingClientRect().right > width + 1 && !element.ownerSVGElement
      && !scrolls(element));
    return { by: document.documentElement.scrollWidth - width, what: out.map(e => this.name(e)) };
  },

  small(least) {
    return this.texts().filter(text => this.letters(text.element) < least - 0.01)
      .map(text => `${text.text.slice(0, 30)} (${this.letters(text.element).toFixed(1)} px)`);
  },

  // Texts of charts that are cut by the edge or lie over one another.
  crowded() {
    const found = [];
    for (const chart of document.querySelectorAll("svg")) {
      const frame = chart.getBoundingClientRect();
      const boxes = [...chart.querySelectorAll("text")].map(
        text => ({ text: text.textContent, box: text.getBoundingClientRect() }));
      const title = chart.getAttribute("aria-label");
      boxes.forEach(({ text, box }, index) => {
        if (box.left < frame.left - 1 || box.right > frame.right + 1
          || box.top < frame.top - 1 || box.bottom > frame.bottom + 1)
          found.push(`${title}: '${text}' is cut`);
        for (const other of boxes.slice(index + 1)) {
          const across = Math.min(box.right, other.box.right) - Math.max(box.left, other.box.left);
          const down = Math.min(box.bottom, other.box.bottom) - Math.max(box.top, other.box.top);
          // A line of text is higher than its letters.
          if (across > 0.5 && down > 0.3 * Math.min(box.height, other.box.height))
            found.push(`${title}: '${text}' over '${other.text}'`);
        }
      });
    }
    return found;
  },

  focusable() {
    const scrolls = element => element.scrollWidth > element.clientWidth + 1
      && /auto|scroll/.test(getComputedStyle(element).overflowX);
    globalThis.proofStops = [...document.querySelectorAll("body *")].filter(element =>
      element.matches("a[href], button, input, select, textarea, summary, [tabindex='0']")
      || scrolls(element));
    const mute = proofStops.filter(element => scrolls(element)
      && !(element.tabIndex === 0 && element.getAttribute("role")));
    return {
      count: proofStops.length, boxes: proofStops.filter(scrolls).length,
      mute: mute.map(element => this.name(element)),
    };
  },

  focus() {
    const element = document.activeElement;
    const style = getComputedStyle(element);
    const box = element.getBoundingClientRect();
    return {
      place: proofStops.indexOf(element), name: this.name(element),
      width: style.outlineStyle === "none" ? 0 : parseFloat(style.outlineWidth),
      color: style.outlineColor.match(/[\d.]+/g).map(Number),
      seen: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
    };
  },

  scrolled() { return document.activeElement.scrollLeft; },

  focusFirstBox() {
    const box = [...document.querySelectorAll("[tabindex='0']")]
      .find(element => element.scrollWidth > element.clientWidth + 1);
    if (box) box.focus();
    return Boolean(box);
  },

  // The texts in their colours, where they are on the page.
  colored() {
    return this.texts().flatMap(({ element, text, boxes }) => {
      const style = getComputedStyle(element);
      const color = (element.ownerSVGElement ? style.fill : style.color).match(/[\d.]+/g);
      const size = this.letters(element);
      const clip = element.closest(".wide")?.getBoundingClientRect();
      return boxes.map(box => {
        const right = clip ? Math.min(box.right, clip.right) : box.right;
        return {
          text: text.slice(0, 40), color: color.map(Number),
          large: size >= 24 || (size >= 18.66 && parseInt(style.fontWeight) >= 700),
          x: box.left + scrollX, y: box.top + scrollY, width: right - box.left, height: box.height,
        };
      });
    }).filter(box => box.width > 1);
  },

  hideTexts() {
    const style = document.createElement("style");
    style.textContent = `* { color: transparent !important; }
      svg text { fill: transparent !important; }`;
    document.head.append(style);
  },

  // The marks of legends, each kind of legend once.
  legends() {
    const seen = new Set();
    const found = [];
    const add = (title, isChart, marks) => {
      const kind = marks.map(mark => mark.outerHTML.replace(/[MLxy"=]+[\d. ]+/g, "")).join();
      if (marks.length < 2 || seen.has(kind)) return;
      seen.add(kind);
      found.push({
        title, isChart, boxes: marks.map(mark => {
          const box = mark.getBoundingClientRect();
          return {
            x: box.left + scrollX, y: box.top + scrollY, width: box.width, height: box.height,
          };
        }),
      });
    };
    for (const chart of document.querySelectorAll("svg"))
      add(chart.getAttribute("aria-label"), true, [...chart.querySelectorAll(".key")]);
    for (const legend of document.querySelectorAll(".legend"))
      add(legend.parentElement.querySelector("figcaption")?.textContent ?? "picture", false,
        [...legend.querySelectorAll("span")]);
    return found;
  },

  // Words at both ends of what must stay together in print, to be looked for in the PDF.
  mark() {
    const put = (element, word, end) => {
      const span = document.createElement("span");
      span.textContent = word;
      span.style.cssText =
        `position: absolute; left: 0; ${end}: 0; font-size: 2px; line-height: 1; color: #000;`;
      element.style.position = "relative";
      element.append(span);
    };
    const names = [];
    const join = (name, first, last) => {
      const number = names.push(name) - 1;
      put(first, `zq${number}a`, "top");
      put(last, `zq${number}b`, first === last ? "bottom" : "top");
    };
    // A listing may be longer than a page.
    for (const figure of document.querySelectorAll("figure:not(.listing)"))
      join(this.name(figure), figure, figure);
    for (const row of document.querySelectorAll("tr"))
      join(this.name(row), row.cells[0], row.cells[0]);
    for (const { caption } of document.querySelectorAll("table"))
      if (caption) join(`${this.name(caption)} and its first row`,
        caption.firstElementChild ?? caption, caption.parentElement.tBodies[0].rows[0].cells[0]);
    for (const heading of document.querySelectorAll("h2")) {
      let next = heading.nextElementSibling;
      while (next && next.matches("div")) next = next.firstElementChild;
      if (next?.localName === "table") next = next.caption ?? next.rows[0].cells[0];
      if (next) join(`${this.name(heading)} and what follows`, heading, next);
    }
    return names;
  },
})
