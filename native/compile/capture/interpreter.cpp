// The part of libtorch's interface to Python that a dispatch mode needs. Reference counts are those of Python objects,
// which do not exist here; what only a tensor subclass of Python uses is an error.

#include "compile/capture/interpreter.h"

#include <ATen/core/Tensor.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <c10/util/Exception.h>

#include "compile/capture/recorder.h"

namespace torch_func::compile {

namespace {

[[noreturn]] void unsupported() { TORCH_CHECK(false, "there is no Python in this process"); }

class RecordingInterpreter final : public c10::impl::PyInterpreterVTable {
 public:
  std::string name() const override { return "torch-func"; }
  void incref(PyObject*) const override {}
  void decref(PyObject*) const override {}
  bool try_incref(const c10::impl::PyObjectSlot&) const override { return true; }
  size_t refcnt(PyObject*) const override { return 1; }

  void dispatch(const c10::OperatorHandle& op, torch::jit::Stack* stack) const override {
    Recorder::current()->run(op, *stack);
  }

  void trace_gpu_event_creation(c10::DeviceType, uintptr_t) const override {}
  void trace_gpu_event_deletion(c10::DeviceType, uintptr_t) const override {}
  void trace_gpu_event_record(c10::DeviceType, uintptr_t, uintptr_t) const override {}
  void trace_gpu_event_wait(c10::DeviceType, uintptr_t, uintptr_t) const override {}
  void trace_gpu_memory_allocation(c10::DeviceType, uintptr_t) const override {}
  void trace_gpu_memory_deallocation(c10::DeviceType, uintptr_t) const override {}
  void trace_gpu_stream_creation(c10::DeviceType, uintptr_t) const override {}
  void trace_gpu_device_synchronization(c10::DeviceType) const override {}
  void trace_gpu_stream_synchronization(c10::DeviceType, uintptr_t) const override {}
  void trace_gpu_event_synchronization(c10::DeviceType, uintptr_t) const override {}
  void reset_backward_hooks(const c10::TensorImpl*) const override {}
  void reportErrorCallback(PyObject*, c10::DispatchKey) const override {}

  // What autograd saves for a derivative is such a copy.
  c10::intrusive_ptr<c10::TensorImpl> detach(const c10::TensorImpl* self) const override {
    const c10::impl::ExcludeDispatchKeyGuard below(
        c10::DispatchKeySet({c10::DispatchKey::Python, c10::DispatchKey::PythonTLSSnapshot}));
    auto copy = self->shallow_copy_and_detach(self->version_counter(), self->allow_tensor_metadata_change());
    const auto tensor = c10::intrusive_ptr<c10::TensorImpl>::reclaim_copy(const_cast<c10::TensorImpl*>(self));
    if (Recorder* recorder = Recorder::current()) recorder->addAlias(at::Tensor(tensor), at::Tensor(copy));
    return copy;
  }
  void python_op_registration_trampoline(const c10::OperatorHandle&, c10::DispatchKey, c10::DispatchKeySet,
                                         torch::jit::Stack*, bool, bool) const override {
    unsupported();
  }
  void throw_abstract_impl_not_imported_error(std::string, const char*, const char*) const override { unsupported(); }
  void python_dispatcher(const c10::OperatorHandle&, c10::DispatchKeySet, torch::jit::Stack*) const override {
    unsupported();
  }
  bool is_contiguous(const c10::TensorImpl*, at::MemoryFormat) const override { unsupported(); }
  c10::SymBool sym_is_contiguous(const c10::TensorImpl*, at::MemoryFormat) const override { unsupported(); }
  bool is_strides_like(const c10::TensorImpl*, at::MemoryFormat) const override { unsupported(); }
  bool is_non_overlapping_and_dense(const c10::TensorImpl*) const override { unsupported(); }
  c10::Device device(const c10::TensorImpl*) const override { unsupported(); }
  int64_t dim(const c10::TensorImpl*) const override { unsupported(); }
  c10::IntArrayRef strides(const c10::TensorImpl*) const override { unsupported(); }
  c10::IntArrayRef sizes(const c10::TensorImpl*) const override { unsupported(); }
  c10::SymIntArrayRef sym_sizes(const c10::TensorImpl*) const override { unsupported(); }
  c10::Layout layout(const c10::TensorImpl*) const override { unsupported(); }
  int64_t numel(const c10::TensorImpl*) const override { unsupported(); }
  c10::SymInt sym_numel(const c10::TensorImpl*) const override { unsupported(); }
  c10::SymIntArrayRef sym_strides(const c10::TensorImpl*) const override { unsupported(); }
  c10::SymInt sym_storage_offset(const c10::TensorImpl*) const override { unsupported(); }
};

}  // namespace

c10::impl::PyInterpreter* recordingInterpreter() {
  static const RecordingInterpreter table;
  static c10::impl::PyInterpreter interpreter(&table);
  return &interpreter;
}

}  // namespace torch_func::compile
