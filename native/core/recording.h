#pragma once
// What code that reads or writes the memory of tensors tells a recording in progress (compile/capture/recorder.h).

#include <c10/core/impl/LocalDispatchKeySet.h>

#include <string>

namespace torch_func {

// Called for what a recording cannot repeat. The reason is a clause, such as "data() reads values of a tensor in
// JavaScript". May throw.
void cannotBeRepeated(const char* reason);

// While this object lives, operators are not recorded: what they compute enters the recording as a constant.
class NotRecorded {
  c10::impl::ExcludeDispatchKeyGuard guard_{
      c10::DispatchKeySet({c10::DispatchKey::Python, c10::DispatchKey::PythonTLSSnapshot})};
};

// Registered by the recorder; one function for all threads.
using RecordingListener = void (*)(const char* reason);
void setRecordingListener(RecordingListener listener);

}  // namespace torch_func
