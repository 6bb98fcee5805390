import Foundation
import Networks
import Tensors
import Testing

@Suite struct LossesTests {
  private let fixture: Fixture

  init() throws { fixture = try Fixture("losses") }

  private func expect(_ loss: Loss, _ name: String) throws {
    let value = try fixture("\(name).value")[0]
    #expect(abs(loss.value - Double(value)) < 1e-5 * max(1, abs(Double(value))))
    #expect(try difference(loss.gradient, fixture("\(name).gradient")) < 1e-5)
  }

  @Test func softmaxAgreesWithPyTorch() throws {
    let outputs = try fixture("outputs")
    let classes = try fixture("classes").map { Int32($0) }
    let weights = try fixture("class-weights")
    try expect(
      Losses.softmaxCrossEntropy(outputs, classes: classes, outputCount: 4), "softmax")
    try expect(
      Losses.softmaxCrossEntropy(
        outputs, classes: classes, outputCount: 4,
        weights: classes.map { $0 < 0 ? 1 : weights[Int($0)] }), "softmax-weighted")
  }

  @Test func sigmoidAgreesWithPyTorch() throws {
    let (outputs, labels) = try (fixture("outputs"), fixture("labels"))
    try expect(
      Losses.sigmoidCrossEntropy(outputs, labels: labels, outputCount: 4), "sigmoid")
    try expect(
      Losses.sigmoidCrossEntropy(
        outputs, labels: labels, outputCount: 4, weights: fixture("weights"),
        positiveWeights: fixture("positive")), "sigmoid-weighted")
  }

  @Test func squaredErrorAgreesWithPyTorch() throws {
    try expect(
      Losses.squaredError(fixture("outputs"), values: fixture("values"), outputCount: 4), "linear")
  }

  @Test func gradientsAreSlopes() throws {
    let outputs = try fixture("outputs")
    let (labels, weights) = try (fixture("labels"), fixture("weights"))
    let losses: [([Float]) -> Loss] = [
      {
        Losses.softmaxCrossEntropy(
          $0, classes: [0, 1, 2, 3, -1, 1, 0, 3], outputCount: 4, weights: weights)
      },
      { Losses.sigmoidCrossEntropy($0, labels: labels, outputCount: 4, weights: weights) },
      { Losses.squaredError($0, values: labels, outputCount: 4, weights: weights) },
    ]
    for loss in losses {
      let gradient = loss(outputs).gradient
      for index in outputs.indices {
        var (up, down) = (outputs, outputs)
        up[index] += 0x1p-7
        down[index] -= 0x1p-7
        let slope = (loss(up).value - loss(down).value) / Double(up[index] - down[index])
        #expect(abs(slope - Double(gradient[index])) < 1e-5)
      }
    }
  }

  @Test func largeOutputsStayFinite() {
    let softmax = Losses.softmaxCrossEntropy([1000, -1000], classes: [1], outputCount: 2)
    #expect(softmax.value == 2000 && softmax.gradient == [1, -1])
    let sigmoid = Losses.sigmoidCrossEntropy([1000, -1000], labels: [0, 1], outputCount: 2)
    #expect(sigmoid.value == 1000 && sigmoid.gradient == [0.5, -0.5])
  }

  @Test func nothingCountsWhereNothingIsKnown() {
    let softmax = Losses.softmaxCrossEntropy([1, 2], classes: [-1], outputCount: 2)
    #expect(softmax == Loss(value: 0, gradient: [0, 0], totalWeight: 0))
    let sigmoid = Losses.sigmoidCrossEntropy([1, 2], labels: [.nan, .nan], outputCount: 2)
    #expect(sigmoid == Loss(value: 0, gradient: [0, 0], totalWeight: 0))
  }

  /// The gradient of an output, counted over the samples alone whose label is known.
  @Test func samplesWithoutALabelDoNotMoveIt() throws {
    let random = Randomness(seed: 8)
    let (samples, width) = (24, 3)
    let outputs = normals(samples * width, seed: 9)
    let labels = (0..<UInt64(samples * width)).map { place -> Float in
      let label: Float = random.uniform(2 * place) < 0.4 ? 1 : 0
      return random.uniform(2 * place + 1) < 0.3 ? .nan : label
    }
    let weights = (0..<UInt64(samples)).map { 0.5 + random.uniform(1000 + $0) }
    let positive: [Float] = [2, 1, 0.5]
    let loss = Losses.sigmoidCrossEntropy(
      outputs, labels: labels, outputCount: width, weights: weights, positiveWeights: positive)
    var (sum, total) = (0.0, 0.0)
    for output in 0..<width {
      let known = (0..<samples).filter { !labels[$0 * width + output].isNaN }
      #expect(known.count < samples)
      for sample in 0..<samples {
        let place = sample * width + output
        guard known.contains(sample) else {
          #expect(loss.gradient[place] == 0)
          continue
        }
        let z = Double(outputs[place])
        let p = 1 / (1 + exp(-z))
        let (weight, isYes) = (Double(weights[sample]), labels[place] == 1)
        let factor = weight * (isYes ? Double(positive[output]) : 1)
        sum -= factor * log(isYes ? p : 1 - p)
        total += weight
        let expected = factor * (p - (isYes ? 1 : 0)) / loss.totalWeight
        #expect(abs(Double(loss.gradient[place]) - expected) < 1e-7)
      }
    }
    #expect(abs(loss.totalWeight - total) < 1e-9 && abs(loss.value - sum / total) < 1e-9)
    // What a network says where nothing is known changes neither loss nor gradient.
    var others = outputs
    for place in outputs.indices where labels[place].isNaN { others[place] += 3 }
    let again = Losses.sigmoidCrossEntropy(
      others, labels: labels, outputCount: width, weights: weights, positiveWeights: positive)
    #expect(again == loss)
  }

  @Test func balanceMakesClassesEqual() {
    let weights = Losses.balancedWeights(classes: [0, 0, 0, 1, -1, 0], classCount: 3)
    #expect(weights == [0.625, 0.625, 0.625, 2.5, 0, 0.625])
    let positive = Losses.balancedPositiveWeights(
      labels: [1, 0, 0, 0, .nan, 1, 0, .nan, 1], outputCount: 3)
    #expect(positive == [2, 1, 0.5])
    #expect(Losses.balancedPositiveWeights(labels: [1, 0, 0, .nan, 0], outputCount: 1) == [3])
  }
}
