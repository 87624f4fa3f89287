// SIGTERM and SIGHUP delivered as SIGINT. Signal handlers in JavaScript do not run while a script runs, so a function
// that never returns could not be stopped. Node.js makes an exception for SIGINT, which ends a script that was started
// with `breakOnSigint`.

#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <iterator>

#include "addon/exports.h"
#include "core/call_arguments.h"
#include "core/errors.h"

namespace torch_func {

namespace {

// Signal handlers are of the process, and so is this state.
constexpr int kSignals[] = {SIGTERM, SIGHUP};
struct sigaction previousActions[2];
bool redirecting = false;
volatile sig_atomic_t lastRedirected = 0;

// Calls only functions that are safe in a signal handler.
void redirect(int signal) {
  const int savedErrno = errno;
  lastRedirected = signal;
  kill(getpid(), SIGINT);
  errno = savedErrno;
}

// redirectStopSignals(enabled): starts or ends the redirection. Ending it restores the previous handlers.
Napi::Value redirectStopSignals(const Napi::CallbackInfo& info) {
  const bool enabled = booleanParameter(info, 0, "redirectStopSignals", "enabled");
  if (enabled != redirecting) {
    struct sigaction action = {};
    action.sa_handler = redirect;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < std::size(kSignals); ++i) {
      if (enabled) {
        sigaction(kSignals[i], &action, &previousActions[i]);
      } else {
        sigaction(kSignals[i], &previousActions[i], nullptr);
      }
    }
    if (enabled) lastRedirected = 0;
    redirecting = enabled;
  }
  return info.Env().Undefined();
}

// redirectedSignal(): the number of the last signal that was redirected, 0 if there was none.
Napi::Value redirectedSignal(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), lastRedirected); }

}  // namespace

void defineStopSignals(Napi::Object exports) {
  define<redirectStopSignals>(exports, "redirectStopSignals");
  define<redirectedSignal>(exports, "redirectedSignal");
}

}  // namespace torch_func
