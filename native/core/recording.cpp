#include "core/recording.h"

namespace torch_func {

static ReadListener readListener = nullptr;

void valuesAreRead(const char* what) {
  if (readListener != nullptr) readListener(what);
}

void setReadListener(ReadListener listener) { readListener = listener; }

}  // namespace torch_func
