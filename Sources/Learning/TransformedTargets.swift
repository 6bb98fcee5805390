internal import Networks

extension SampleSet {
  /// How the values of each output are to be learnt.
  public var forms: [ValueForm] { categories.map { $0.form ?? ValueForm() } }

  /// The transforms of the outputs, fitted to some of the samples alone; nil where none is asked for.
  public func transforms(fittedTo positions: [Int]) -> [ValueTransform]? {
    let forms = forms
    guard kind == .linear, forms.contains(where: { $0.transform != .none }) else { return nil }
    return forms.enumerated().map { output, form in
      ValueTransform(
        form, fittedTo: positions.map { Double(samples[$0].target.value(output) ?? .nan) })
    }
  }

  /// The samples with transformed values, to be learnt as they are.
  func transformed(by transforms: [ValueTransform]) -> SampleSet {
    SampleSet(
      valid: self,
      samples: samples.map { sample in
        guard case .values(let values) = sample.target else { return sample }
        var sample = sample
        sample.target = .values(
          zip(values, transforms).map { value, transform in
            value.isNaN ? value : Float(transform.forward(Double(value)))
          })
        return sample
      }, categories: categories.map { Category(code: $0.code, name: $0.name) })
  }
}

extension Sample.Target {
  /// A measured value or label; nil of classes and where it is not known.
  public func value(_ output: Int) -> Float? {
    guard case .values(let values) = self, !values[output].isNaN else { return nil }
    return values[output]
  }
}

extension TrainingSet {
  /// The set with transformed values.
  public func transformed(by transforms: [ValueTransform]) -> TrainingSet {
    replacing(samples.transformed(by: transforms))
  }
}

extension [ValueTransform] {
  /// Values of what a model says that has learnt transformed ones, samples x outputs.
  public func inverse(_ predictions: [Float]) -> [Float] {
    predictions.enumerated().map { place, number in
      number.isNaN ? number : Float(self[place % count].inverse(Double(number)))
    }
  }
}
