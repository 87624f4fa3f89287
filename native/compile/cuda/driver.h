#pragma once
// The CUDA driver, found at run time.

#include <stdexcept>
#include <string>

#include "compile/cuda/libraries.h"

namespace torch_func::compile {

// The functions of the driver. Names with _v2 are what cuda.h makes of those without.
struct Driver {
  using Handle = void*;  // of contexts, modules, functions, streams and graphs

  explicit Driver(void* library) {
    find(library, "cuGetErrorName", &getErrorName);
    find(library, "cuDeviceGet", &deviceGet);
    find(library, "cuDeviceGetAttribute", &deviceGetAttribute);
    find(library, "cuDevicePrimaryCtxRetain", &primaryContextRetain);
    find(library, "cuCtxPushCurrent_v2", &contextPush);
    find(library, "cuCtxPopCurrent_v2", &contextPop);
    find(library, "cuCtxSynchronize", &contextSynchronize);
    find(library, "cuModuleLoadData", &moduleLoadData);
    find(library, "cuModuleUnload", &moduleUnload);
    find(library, "cuModuleGetFunction", &moduleGetFunction);
    find(library, "cuLaunchKernel", &launchKernel);
    find(library, "cuMemcpyDtoDAsync_v2", &copyOnDevice);
    find(library, "cuStreamBeginCapture_v2", &streamBeginCapture);
    find(library, "cuStreamEndCapture", &streamEndCapture);
    find(library, "cuGraphInstantiateWithFlags", &graphInstantiate);
    find(library, "cuGraphLaunch", &graphLaunch);
    find(library, "cuGraphDestroy", &graphDestroy);
    find(library, "cuGraphExecDestroy", &graphExecDestroy);
  }

  static const Driver& get() {
    static const Driver driver(cudaLibraries());
    return driver;
  }

  void check(int error, const char* what) const {
    if (error == 0) return;
    const char* name = nullptr;
    getErrorName(error, &name);
    throw std::runtime_error(std::string(what) + ": " + (name == nullptr ? std::to_string(error) : name));
  }

  int (*getErrorName)(int, const char**);
  int (*deviceGet)(int*, int);
  int (*deviceGetAttribute)(int*, int, int);
  int (*primaryContextRetain)(Handle*, int);
  int (*contextPush)(Handle);
  int (*contextPop)(Handle*);
  int (*contextSynchronize)();
  int (*moduleLoadData)(Handle*, const void*);
  int (*moduleUnload)(Handle);
  int (*moduleGetFunction)(Handle*, Handle, const char*);
  int (*launchKernel)(Handle, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, Handle, void**,
                      void**);
  int (*copyOnDevice)(unsigned long long, unsigned long long, size_t, Handle);
  int (*streamBeginCapture)(Handle, int);
  int (*streamEndCapture)(Handle, Handle*);
  int (*graphInstantiate)(Handle*, Handle, unsigned long long);
  int (*graphLaunch)(Handle, Handle);
  int (*graphDestroy)(Handle);
  int (*graphExecDestroy)(Handle);
};

// The device's context is the current one, also on a thread that has used no CUDA before.
class CurrentContext {
 public:
  CurrentContext(const Driver& driver, Driver::Handle context) : driver_(driver) {
    driver.check(driver.contextPush(context), "cuCtxPushCurrent");
  }
  ~CurrentContext() {
    Driver::Handle popped = nullptr;
    driver_.contextPop(&popped);
  }
  CurrentContext(const CurrentContext&) = delete;
  CurrentContext& operator=(const CurrentContext&) = delete;

 private:
  const Driver& driver_;
};

}  // namespace torch_func::compile
