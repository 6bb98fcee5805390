import Tensors

// Each line is a share of the peak measured beside it: times alone say little on shared machines.
var peak = Peak()
print("products on \(Products.kernelName) kernels: \((peak.measure() * 1e-9).rounded()) GF/s")
try DenseWorkloads().run(&peak)
