#pragma once

namespace torch_func {

// Lowers the default number of libtorch's threads to the processors that the control groups of this process allow; once
// per process. More threads would stop each other: the system grants their time together.
void limitThreads();

}  // namespace torch_func
