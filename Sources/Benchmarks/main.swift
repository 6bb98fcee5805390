import Tensors

// Each line is a share of the peak measured beside it: times alone say little on shared machines.
var peak = Peak()
print("products on \(Products.kernelName) kernels: \((peak.measure() * 1e-9).rounded()) GF/s")
let chosen = CommandLine.arguments.dropFirst()
if chosen.isEmpty || chosen.contains("graph") {
  var workloads = try GraphWorkloads()
  workloads.run(&peak)
}
if chosen.isEmpty || chosen.contains("dense") { try DenseWorkloads().run(&peak) }
