#include "scenarios/interrupt.h"

#include <csignal>

namespace cardvp::scenarios {
namespace {

// A signal handler can reach nothing but an object of static storage.
volatile std::sig_atomic_t g_interrupted = 0;

void note(int signal) {
  g_interrupted = 1;
  std::signal(signal, SIG_DFL);
}

}  // namespace

InterruptGuard::InterruptGuard() {
  g_interrupted = 0;
  std::signal(SIGINT, note);
  std::signal(SIGTERM, note);
}

InterruptGuard::~InterruptGuard() {
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
}

bool InterruptGuard::interrupted() const { return g_interrupted != 0; }

}  // namespace cardvp::scenarios
