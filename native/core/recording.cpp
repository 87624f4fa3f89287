// The listener of what a recording cannot repeat.

#include "core/recording.h"

namespace torch_func {

static RecordingListener recordingListener = nullptr;

void cannotBeRepeated(const char* reason) {
  if (recordingListener != nullptr) recordingListener(reason);
}

void setRecordingListener(RecordingListener listener) { recordingListener = listener; }

}  // namespace torch_func
