#pragma once
// libtorch's Python dispatch key, served by the recorder.

#include <c10/core/impl/PyInterpreter.h>

namespace torch_func::compile {

// Its operators go to the recorder that is active on the thread.
c10::impl::PyInterpreter* recordingInterpreter();

}  // namespace torch_func::compile
