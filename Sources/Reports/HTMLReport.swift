/// One page that shows a run: facts, scores, charts and pictures, in one file without scripts.
///
/// Everything is inside the page: it can be sent by mail and opens without a network. It is legible
/// on a phone, in print, and by keyboard and screen reader. All texts are escaped.
public struct HTMLReport: Sendable {
  /// The title of the page.
  public var title: String
  /// One or two sentences below the title.
  public var summary: String
  /// Names and values of the run: dates, versions, inputs.
  public var facts: [(name: String, value: String)]
  /// The parts of the page, each under a heading.
  public var sections: [Section]

  /// Makes a report.
  public init(
    title: String, summary: String = "", facts: [(name: String, value: String)] = [],
    sections: [Section] = []
  ) {
    self.title = title
    self.summary = summary
    self.facts = facts
    self.sections = sections
  }

  /// A part of the page.
  public struct Section: Sendable {
    /// The heading.
    public var title: String
    /// What stands below the heading, in this order.
    public var blocks: [Block]

    /// Makes a section.
    public init(_ title: String, _ blocks: [Block]) {
      self.title = title
      self.blocks = blocks
    }
  }

  /// Something to show.
  public enum Block: Sendable {
    /// A paragraph.
    case text(String)
    /// A paragraph that must not be missed.
    case warning(String)
    /// A table.
    case table(Table)
    /// A chart and what it says.
    case chart(SVGChart, caption: String)
    /// A map.
    case map(MapFigure)
    /// A text whose lines and blanks are kept, under a title.
    case listing(String, title: String)
  }

  /// What a colour of a picture means.
  public struct LegendEntry: Sendable, Hashable {
    /// The meaning.
    public var label: String
    /// The colour.
    public var color: Color

    /// Makes an entry.
    public init(_ label: String, _ color: Color) {
      self.label = label
      self.color = color
    }
  }

  /// A table with a row of headings.
  public struct Table: Sendable {
    /// What the table shows.
    public var caption: String
    /// The headings of the columns.
    public var columns: [String]
    /// The cells, row by row; the first cell names the row.
    public var rows: [[String]]
    /// Whether the first cells are paths: the folder then stands above the file's name, so that long
    /// ones leave room for the other columns.
    public var arePaths: Bool

    /// Makes a table; every row has as many cells as there are columns.
    public init(
      _ caption: String, columns: [String], rows: [[String]], arePaths: Bool = false
    ) {
      for row in rows {
        precondition(row.count == columns.count, "\(row.count) cells in \(columns.count) columns")
      }
      self.caption = caption
      self.columns = columns
      self.rows = rows
      self.arePaths = arePaths
    }

    /// The same with rows and columns exchanged, if that makes it narrower; `corner` is then the
    /// heading of the first column, which names what the columns were.
    public func upright(corner: String) -> Table {
      guard rows.count + 1 < columns.count else { return self }
      return Table(
        caption, columns: [corner] + rows.map { $0[0] },
        rows: columns.indices.dropFirst().map { column in
          [columns[column]] + rows.map { $0[column] }
        })
    }
  }
}

// The page.
extension HTMLReport {
  /// The page as HTML.
  public var html: String {
    var body: [String] = [Markup.element("h1", [:], Markup.escape(title))]
    if !summary.isEmpty { body.append(Markup.element("p", [:], Markup.escape(summary))) }
    if sections.count > 2 { body.append(contents) }
    if !facts.isEmpty { body.append(factTable) }
    for (index, section) in sections.enumerated() { body.append(Self.html(section, index + 1)) }
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>\(Markup.escape(title))</title>
      <style>
      \(Self.style)
      </style>
      </head>
      <body>
      <main>
      \(body.joined(separator: "\n"))
      </main>
      </body>
      </html>

      """
  }

  private var contents: String {
    let items = sections.enumerated().map { index, section in
      "<li><a href=\"#section-\(index + 1)\">\(Markup.escape(section.title))</a></li>"
    }
    return "<nav aria-label=\"Contents\">\n<ol>\n\(items.joined(separator: "\n"))\n</ol>\n</nav>"
  }

  private var factTable: String {
    let rows = facts.map {
      "<tr><th scope=\"row\">\(Markup.escape($0.name))</th><td>\(Markup.escape($0.value))</td></tr>"
    }
    return """
      <section aria-labelledby="facts">
      <h2 id="facts" tabindex="-1">This run</h2>
      <div class="wide" tabindex="0" role="region" aria-labelledby="table-facts">
      <table class="facts">
      <caption id="table-facts"><span>Settings, versions and inputs</span></caption>
      \(rows.joined(separator: "\n"))
      </table>
      </div>
      </section>
      """
  }

  private static func html(_ section: Section, _ number: Int) -> String {
    var blocks: [String] = []
    var pictures: [String] = []
    // Pictures that follow one another stand side by side where there is room.
    func closeGallery() {
      if pictures.count > 1 {
        blocks.append("<div class=\"gallery\">\n\(pictures.joined(separator: "\n"))\n</div>")
      } else {
        blocks += pictures
      }
      pictures = []
    }
    for (index, block) in section.blocks.enumerated() {
      let text = html(block, "table-\(number)-\(index + 1)")
      if case .map = block {
        pictures.append(text)
      } else {
        closeGallery()
        blocks.append(text)
      }
    }
    closeGallery()
    return """
      <section aria-labelledby="section-\(number)">
      <h2 id="section-\(number)" tabindex="-1">\(Markup.escape(section.title))</h2>
      \(blocks.joined(separator: "\n"))
      </section>
      """
  }

  private static func html(_ block: Block, _ name: String) -> String {
    switch block {
    case .text(let text): return "<p>\(Markup.escape(text))</p>"
    case .warning(let text):
      return "<p class=\"warning\"><strong>Note:</strong> \(Markup.escape(text))</p>"
    case .table(let table): return html(table, name)
    case .chart(let chart, let caption):
      let label = Markup.escape(chart.title)
      return figure(
        #"<div class="wide" tabindex="0" role="region" aria-label="\#(label)">"#
          + "\n\(chart.svg)</div>",
        caption)
    case .map(let map): return figure(map.html, map.caption, name: "map")
    case .listing(let text, let title):
      return figure(
        "<pre class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"\(Markup.escape(title))\">"
          + "<code>\(Markup.escape(text))</code></pre>", title, name: "listing")
    }
  }

  private static func figure(_ content: String, _ caption: String, name: String = "") -> String {
    let line = caption.isEmpty ? "" : "<figcaption>\(Markup.escape(caption))</figcaption>\n"
    let mark = name.isEmpty ? "" : " class=\"\(name)\""
    return "<figure\(mark)>\n\(content)\n\(line)</figure>"
  }

  private static func html(_ table: Table, _ name: String) -> String {
    let areNumbers = table.columns.indices.map { isNumeric(table, column: $0) }
    let head = table.columns.enumerated().map { index, heading in
      let kind =
        areNumbers[index]
        ? " class=\"number\"" : hasSentences(table, column: index) ? " class=\"words\"" : ""
      return "<th scope=\"col\"\(kind)>\(Markup.escape(heading))</th>"
    }.joined()
    let rows = table.rows.map { row in
      let cells = row.enumerated().map { index, cell in
        // Paper may need to break a mean from its spread, but never a number from its percent.
        let text = Markup.escape(cell).replacing(" %", with: "\u{A0}%")
        if index == 0 { return "<th scope=\"row\">\(table.arePaths ? path(text) : text)</th>" }
        return areNumbers[index] ? "<td class=\"number\">\(text)</td>" : "<td>\(text)</td>"
      }
      return "<tr>\(cells.joined())</tr>"
    }
    return """
      <div class="wide" tabindex="0" role="region" aria-labelledby="\(name)">
      <table>
      <caption id="\(name)"><span>\(Markup.escape(table.caption))</span></caption>
      <thead><tr>\(head)</tr></thead>
      <tbody>
      \(rows.joined(separator: "\n"))
      </tbody>
      </table>
      </div>
      """
  }

  /// A path with its folder above, which breaks after slashes alone.
  private static func path(_ text: String) -> String {
    guard let slash = text.lastIndex(of: "/") else { return text }
    let folder = text[...slash].replacing("/", with: "/<wbr>")
    return "<span class=\"folder\">\(folder)</span>\(text[text.index(after: slash)...])"
  }

  /// Whether a column has cells that are too long for one line of it.
  private static func hasSentences(_ table: Table, column: Int) -> Bool {
    column > 0 && table.rows.contains { $0[column].count > 40 }
  }

  /// Whether all that a column says are numbers: then it stands at the right, with its heading.
  private static func isNumeric(_ table: Table, column: Int) -> Bool {
    let cells = table.rows.map { $0[column] }.filter { $0 != "-" && !$0.isEmpty }
    return column > 0 && !cells.isEmpty && cells.allSatisfy(isNumber)
  }

  /// Whether a cell is a number, perhaps with a unit or a spread.
  private static func isNumber(_ text: String) -> Bool {
    guard let first = text.unicodeScalars.first(where: { $0 != "-" && $0 != "+" && $0 != "." })
    else { return false }
    // What begins with a number may still be a sentence.
    return ("0"..."9").contains(first)
      && text.unicodeScalars.count(where: \.properties.isAlphabetic) < 12
  }

  private static let style = """
    :root { color-scheme: light; }
    body { margin: 0; background: #fff; color: #1b1b1b; font: 1rem/1.5 system-ui, sans-serif; }
    main { max-width: 58rem; margin: 0 auto; padding: 1rem; }
    h1 { font-size: 1.7rem; line-height: 1.2; overflow-wrap: anywhere; }
    h2 { font-size: 1.3rem; margin-top: 2.2rem; border-bottom: 2px solid #b25a1e;
      overflow-wrap: anywhere; }
    a { color: #0b4f8a; }
    a:focus-visible, h2:focus-visible, .wide:focus-visible { outline: 3px solid #0b4f8a;
      outline-offset: 2px; }
    .wide { overflow-x: auto; }
    table { border-collapse: collapse; margin: 0.8rem 0; }
    caption { text-align: left; font-weight: 600; padding-bottom: 0.3rem; }
    caption span { position: sticky; left: 0; display: inline-block;
      max-width: calc(100vw - 2rem); }
    th, td { padding: 0.3rem 0.5rem; border-bottom: 1px solid #ccc; text-align: left;
      vertical-align: top; }
    thead th { border-bottom: 2px solid #555; vertical-align: bottom; line-height: 1.25; }
    tbody th, .facts th { font-weight: 500; }
    .words { min-width: min(10rem, 45vw); }
    .folder { display: block; max-width: 13rem; font-size: 0.85rem; font-weight: 400; color: #555; }
    td:last-child:not(.number) { overflow-wrap: anywhere; word-break: break-word;
      min-width: 11rem; }
    th.number { text-align: right; }
    td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
    .legend { list-style: none; margin: 0.2rem 0; padding: 0; font-size: 0.93rem; }
    .legend li { display: inline-block; margin-right: 1.1rem; }
    .legend span { display: inline-block; width: 1rem; height: 1rem; margin-right: 0.35rem;
      border: 1px solid #888; vertical-align: -0.15rem; print-color-adjust: exact;
      forced-color-adjust: none; }
    figure { margin: 1.2rem 0; max-width: 100%; }
    .gallery { display: flex; flex-wrap: wrap; column-gap: 1.5rem; align-items: flex-end; }
    .gallery figure { min-width: min(13rem, 100%); }
    .gallery figcaption, .map .legend, .ramp, .ground { contain: inline-size; }
    figure svg, figure img { display: block; max-width: 100%; height: auto; }
    figure svg, figure svg text { forced-color-adjust: none; }
    figure img { image-rendering: pixelated; outline: 1px solid #ccc; }
    .map { width: fit-content; min-width: min(13rem, 100%); }
    .sheet { display: inline-block; max-width: 100%; vertical-align: top; }
    .ground { display: flex; align-items: flex-end; gap: 0.5rem; margin: 0.3rem 0;
      font-size: 0.85rem; line-height: 1; white-space: nowrap; }
    .ground .north, .ground .north text { flex: none; max-width: none; fill: currentColor;
      forced-color-adjust: auto; }
    .ground .scale { flex: none; box-sizing: border-box; height: 0.5rem;
      border: solid #222; border-width: 0 2px 2px; }
    .ramp { font-size: 0.85rem; margin: 0.3rem 0; }
    .ramp p { margin: 0 0 0.15rem; }
    .colors { height: 0.9rem; border: 1px solid #888; print-color-adjust: exact;
      forced-color-adjust: none; }
    .ramp ol { list-style: none; margin: 0; padding: 0; position: relative; height: 1.3rem; }
    .ramp li { position: absolute; transform: translateX(-50%); white-space: nowrap; }
    .ramp li.first { transform: none; }
    .ramp li.last { transform: translateX(-100%); }
    pre { background: #f6f6f4; border: 1px solid #ddd; padding: 0.6rem; margin: 0;
      font-size: 0.85rem; line-height: 1.35; }
    figcaption { color: #444; font-size: 0.93rem; }
    .warning { border-left: 5px solid #d55e00; padding: 0.4rem 0.8rem; background: #fff4ec; }
    @media screen and (max-width: 44rem) { figure svg { max-width: none; } }
    @media print {
      body { font-size: 0.85rem; }
      td.number { white-space: normal; }
      .words { min-width: 6rem; }
      .folder { font-size: 0.75rem; }
      main { max-width: none; padding: 0; }
      nav { display: none; }
      .wide { overflow: visible; }
      caption span { max-width: none; }
      .gallery { display: block; }
      .gallery figure { display: inline-block; vertical-align: bottom; margin-right: 1.2rem; }
      figure img { max-height: 20cm; width: auto; }
      pre { white-space: pre-wrap; overflow-wrap: anywhere; }
      figure, tr, caption, thead { break-inside: avoid; }
      .listing { break-inside: auto; }
      h2, caption, thead { break-after: avoid; }
    }
    """
}
