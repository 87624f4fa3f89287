#pragma once
// TORCH_FUNC_TRACE=1: a line on stderr for each operator that the dispatcher runs.

namespace torch_func {

// Installs the observer if the variable is set; once per process. Without the variable there is no cost.
void installTrace();

}  // namespace torch_func
