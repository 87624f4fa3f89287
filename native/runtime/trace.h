#pragma once
// TORCH_FUNC_TRACE=1: a line on stderr for each operator that the dispatcher runs.

namespace torch_func {

// Installs the observer if the variable is set; once per process. Without it nothing is installed and nothing is paid.
void installTrace();

}  // namespace torch_func
