import Testing

@testable import Networks

/// What a model makes of its input before its head.
@Suite struct FeatureModelTests {
}
