import Learning
import Networks
import Rasters
import Reports

extension ReportPage {
  /// Every figure of the page, with the tag that the table of its numbers is named by.
  func figures(_ record: RunRecord) throws -> [(tag: String, figure: Figure)] {
    var found: [(tag: String, figure: Figure)] = []
    for (tag, scores) in try record.scores().sorted(by: { $0.key < $1.key }) {
      found += try figures(tag, scores).map { (tag, $0) }
    }
    for (_, product) in task.products {
      switch product {
      case .model(let model):
        for (number, part) in model.parts.enumerated() {
          let package = try ModelPackage(try executor.value(part.node))
          let tag = model.parts.count > 1 ? "\(model.tag)-\(number + 1)" : model.tag
          found += package.figures.map { (tag, $0) }
        }
      default: break
      }
      if let figures = product.figures {
        found += try figures.figures(executor).map { (figures.tag, $0) }
      }
    }
    found += try interpolationFigures() + componentFigures()
    for layer in layers {
      guard case .raster(let raster) = layer.product else { continue }
      found += try pictures.figures(layer).map { (raster.tag, $0) }
    }
    return found
  }
}

extension ModelPackage {
  /// How the training went, and what a forest splits on.
  var figures: [Figure] {
    var figures = notes.record.epochs.isEmpty ? [] : [Self.losses(notes.record)]
    if let forests = predictor.forests {
      figures.append(Self.importances(forests, notes.bands.map(\.name)))
    }
    return figures
  }

  private static func losses(_ record: TrainingRecord) -> Figure {
    let epochs = record.epochs.map { Double($0.number) }
    var lines = [Figure.Line("training", x: epochs, y: record.epochs.map(\.loss))]
    if record.validationCount > 0 {
      lines.append(
        Figure.Line(
          "watched part", x: epochs, y: record.epochs.map { $0.validationLoss ?? .nan }, group: 1))
    }
    return Figure(
      name: "training", title: "Training", description: "Loss by epoch.",
      caption: "The loss of the shipped model's training.",
      content: .lines(x: "epoch", y: "loss", lines))
  }

  private static func importances(_ forests: [RandomForest], _ names: [String]) -> Figure {
    let means = names.indices.map { band in
      forests.reduce(0) { $0 + Double($1.importances[band]) } / Double(max(1, forests.count))
    }
    let order = names.indices.sorted { (means[$1], $0) < (means[$0], $1) }.prefix(30)
    return Figure(
      name: "forest", title: "Bands of the forest",
      description: "Mean decrease of impurity by band.",
      caption: "Which bands the trees split on (the first 30); correlated bands share theirs."
        + (forests.count > 1 ? " The mean of \(forests.count) forests, one for each output." : ""),
      content: .bars(
        axis: "mean decrease of impurity", labels: order.map { names[$0] },
        [Figure.Column("importance", order.map { means[$0] })]))
  }
}

extension FiguresProduct {
  /// The figures that the executor has made, with names that differ: files are called by them.
  func figures(_ executor: Executor) throws -> [Figure] {
    try [Figure].stored(try executor.value(node)).withDifferentNames
  }
}

extension [Figure] {
  /// The figures with numbers behind names that occurred before.
  var withDifferentNames: [Figure] {
    var seen: Set<String> = []
    return map { figure in
      var figure = figure
      let wanted = figure.name
      var number = 2
      while !seen.insert(figure.name).inserted {
        figure.name = "\(wanted)-\(number)"
        number += 1
      }
      return figure
    }
  }
}
