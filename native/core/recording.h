#pragma once
// What code that computes outside of the dispatcher tells a recording in progress (compile/capture/recorder.h).

#include <string>

namespace torch_func {

// Called when JavaScript reads values of tensors: a recording cannot repeat what the program does with them. `what`
// names the function, such as "item()". May throw.
void valuesAreRead(const char* what);

// Registered by the recorder; one function for all threads.
using ReadListener = void (*)(const char* what);
void setReadListener(ReadListener listener);

}  // namespace torch_func
