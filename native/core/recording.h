#pragma once
// What code that reads or writes the memory of tensors tells a recording in progress (compile/capture/recorder.h).

#include <c10/core/impl/LocalDispatchKeySet.h>
#include <c10/core/impl/TorchDispatchModeTLS.h>

#include <string>

namespace torch_func {

// Called for what a recording cannot repeat. The reason is a clause, such as "data() reads values of a tensor in
// JavaScript". May throw.
void cannotBeRepeated(const char* reason);

// Whether this thread's operators are recorded. Code that reads values directly out of memory must then read them with
// operators, or the recording would not know that they matter.
inline bool isRecording() { return c10::impl::dispatch_mode_enabled(); }

// While this object lives, operators are not recorded: what they compute enters the recording as a constant.
class NotRecorded {
  c10::impl::ExcludeDispatchKeyGuard guard_{
      c10::DispatchKeySet({c10::DispatchKey::Python, c10::DispatchKey::PythonTLSSnapshot})};
};

// While this object lives, values that are read out of tensors reach JavaScript. Others stay inside the library: a
// recording may expect to find them again.
class ReadsInJavaScript {
 public:
  ReadsInJavaScript() : before_(active_) { active_ = true; }
  ~ReadsInJavaScript() { active_ = before_; }
  ReadsInJavaScript(const ReadsInJavaScript&) = delete;
  ReadsInJavaScript& operator=(const ReadsInJavaScript&) = delete;
  static bool isActive() { return active_; }

 private:
  static inline thread_local bool active_ = false;
  bool before_;
};

// Registered by the recorder; one function for all threads.
using RecordingListener = void (*)(const char* reason);
void setRecordingListener(RecordingListener listener);

}  // namespace torch_func
