/// Stages that serve one purpose, in the order in which a pipeline uses them.
struct StageGroup: Sendable {
  /// The purpose, as a heading of the list of stages.
  let title: String
  let stages: [any Stage.Type]
}

/// Every stage there is, by its word.
///
/// A new stage is one file and one line here.
public enum StageCatalog {
  static let groups: [StageGroup] = [
    StageGroup(
      title: "Read",
      stages: [ReadCube.self, ReadTable.self, Labels.self, Mask.self, Background.self, Split.self]),
    StageGroup(
      title: "Points and vectors to features",
      stages: [GridPoints.self, Regionalize.self, Distance.self, Density.self]),
    StageGroup(
      title: "Rasters to features",
      stages: [
        Stack.self, Terrain.self, Expression.self, Focal.self, Clip.self, Contaminate.self,
        Impute.self, LogRatioStage.self, Standardize.self, PrincipalComponentsStage.self,
        OrderBands.self, SmoothSpectra.self, NormalizeSpectra.self, Baseline.self,
        ResampleBands.self,
      ]),
    StageGroup(title: "Segments", stages: [SuperpixelsStage.self, SegmentFeatures.self]),
    StageGroup(
      title: "Learn", stages: [Train.self, Validate.self, Ensemble.self, Calibrate.self]),
    StageGroup(
      title: "Apply",
      stages: [Predict.self, Classify.self, Novelty.self, AttentionStage.self, Explain.self]),
    StageGroup(
      title: "Look inside",
      stages: [
        ResponseStage.self, Filters.self, Importance.self, Attributions.self, Embed.self,
        DualAttribution.self,
        OrderControl.self,
      ]),
    StageGroup(title: "Finish", stages: [Targets.self, Write.self, Report.self]),
  ]

  static let stages: [any Stage.Type] = groups.flatMap(\.stages)

  /// The definitions of all stages, in the catalogue's order.
  public static var definitions: [StageDefinition] { stages.map { $0.definition } }

  /// The definitions of all stages under the purposes that they serve.
  public static var groupedDefinitions: [(title: String, stages: [StageDefinition])] {
    groups.map { ($0.title, $0.stages.map { $0.definition }) }
  }

  /// The stage of a word, or nil.
  static func stage(_ name: String) -> (any Stage.Type)? {
    stages.first { $0.definition.name == name }
  }
}
