// The listener of what a recording cannot repeat.

#include "core/recording.h"

#include <atomic>

namespace torch_func {

// A thread may read values while another one records for the first time.
static std::atomic<RecordingListener> recordingListener = nullptr;

void cannotBeRepeated(const char* reason) {
  if (const RecordingListener listener = recordingListener) listener(reason);
}

void setRecordingListener(RecordingListener listener) { recordingListener = listener; }

}  // namespace torch_func
