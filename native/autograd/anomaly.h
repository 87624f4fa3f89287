#pragma once
// Anomaly detection: each node stores the JavaScript stack of the call that made it, and an error of the engine shows
// the stack of the node in which it occurred.

#include <torch/csrc/autograd/anomaly_mode.h>

#include <memory>
#include <string>

namespace torch_func {

// For the engine: what a node stores.
std::unique_ptr<torch::autograd::AnomalyMetadata> makeAnomalyMetadata();

// What the runs of the engine have reported on this thread since the last call; empty if nothing.
std::string takeAnomalyReport();

}  // namespace torch_func
