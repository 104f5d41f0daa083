#include "host/vfio_user/shared_mapping.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <csignal>

namespace cardvp::host::vfio_user {

// A signal has no context but what is global: the mappings of the process, and who handled the signal before.
struct BusErrors {
  static std::atomic<SharedMapping*> first;
  static struct sigaction before;

  static void install() {
    [[maybe_unused]] static const bool once = [] {
      struct sigaction ours {};
      ours.sa_sigaction = handle;
      ours.sa_flags = SA_SIGINFO | SA_NODEFER;
      sigemptyset(&ours.sa_mask);
      return ::sigaction(SIGBUS, &ours, &before) == 0;
    }();
  }

  static void handle(int signal, siginfo_t* info, void* context) {
    const int saved = errno;
    const auto address = reinterpret_cast<std::uintptr_t>(info->si_addr);
    for (SharedMapping* each = first.load(); each; each = each->next_) {
      const auto base = reinterpret_cast<std::uintptr_t>(each->base_);
      if (address < base || address - base >= each->size_ || each->damaged()) continue;
      // The whole of it, as a page may be of any size in a file of huge ones.
      const int access = each->writable_ ? PROT_READ | PROT_WRITE : PROT_READ;
      constexpr int kHow = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;
      if (::mmap(each->base_, each->size_, access, kHow, -1, 0) == MAP_FAILED) break;
      each->damaged_.store(true, std::memory_order_relaxed);
      errno = saved;
      return;
    }
    errno = saved;
    hand_on(signal, info, context);
  }

  static void hand_on(int signal, siginfo_t* info, void* context) {
    if (before.sa_flags & SA_SIGINFO) return before.sa_sigaction(signal, info, context);
    if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN) return before.sa_handler(signal);
    ::sigaction(signal, &before, nullptr);  // the access happens again, and ends the process as it would have
  }
};
std::atomic<SharedMapping*> BusErrors::first = nullptr;
struct sigaction BusErrors::before {};

SharedMapping::SharedMapping(std::byte* base, std::size_t size, bool writable)
    : base_(base), size_(size), writable_(writable), next_(BusErrors::first.load()) {
  BusErrors::first.store(this);
}

SharedMapping::~SharedMapping() {
  if (BusErrors::first.load() == this) {
    BusErrors::first.store(next_);
  } else {
    SharedMapping* each = BusErrors::first.load();
    while (each->next_ != this) each = each->next_;
    each->next_ = next_;
  }
  ::munmap(base_, size_);
}

std::unique_ptr<SharedMapping> SharedMapping::map(int fd, std::uint64_t offset, std::uint64_t size, bool writable,
                                                  int& error) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) {
    error = errno;
    return nullptr;
  }
  const auto length = static_cast<std::uint64_t>(status.st_size);
  if (!S_ISREG(status.st_mode) || size == 0 || size > length || offset > length - size) {
    error = EINVAL;
    return nullptr;
  }
  BusErrors::install();
  void* const base = ::mmap(nullptr, size, writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED | MAP_NORESERVE,
                            fd, static_cast<off_t>(offset));
  if (base == MAP_FAILED) {
    error = errno;
    return nullptr;
  }
  return std::unique_ptr<SharedMapping>(new SharedMapping(static_cast<std::byte*>(base), size, writable));
}

}  // namespace cardvp::host::vfio_user
