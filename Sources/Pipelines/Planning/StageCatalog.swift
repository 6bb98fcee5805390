/// Every stage there is, by its word.
///
/// A new stage is one file and one line here.
public enum StageCatalog {
  static let stages: [any Stage.Type] = [
    ReadCube.self,
    GridPoints.self,
    Labels.self,
    Background.self,
    Split.self,
    Stack.self,
    Mask.self,
    Contaminate.self,
    Impute.self,
    LogRatioStage.self,
    Standardize.self,
    PrincipalComponentsStage.self,
    OrderBands.self,
    SuperpixelsStage.self,
    SegmentFeatures.self,
    Train.self,
    Ensemble.self,
    Validate.self,
    Calibrate.self,
    Predict.self,
    Explain.self,
    Classify.self,
    Targets.self,
    ResponseStage.self,
    Filters.self,
    Importance.self,
    OrderControl.self,
    Attributions.self,
    Write.self,
    Report.self,
  ]

  /// The definitions of all stages, in the catalogue's order.
  public static var definitions: [StageDefinition] { stages.map { $0.definition } }

  /// The stage of a word, or nil.
  static func stage(_ name: String) -> (any Stage.Type)? {
    stages.first { $0.definition.name == name }
  }
}
