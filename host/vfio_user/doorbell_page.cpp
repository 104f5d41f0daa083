#include "host/vfio_user/doorbell_page.h"

#include <fcntl.h>
#include <sys/mman.h>

#include <atomic>
#include <cerrno>
#include <system_error>

namespace cardvp::host::vfio_user {
namespace {

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

}  // namespace

DoorbellPage::DoorbellPage(const DoorbellArea& area)
    : area_(area), file_(::memfd_create("cardvp doorbells", MFD_CLOEXEC | MFD_ALLOW_SEALING)) {
  if (!file_ || ::ftruncate(file_.get(), static_cast<off_t>(area.offset + area.size)) != 0 ||
      ::fcntl(file_.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
    fail("memory for doorbells");
  void* const base =
      ::mmap(nullptr, area.size, PROT_READ | PROT_WRITE, MAP_SHARED, file_.get(), static_cast<off_t>(area.offset));
  if (base == MAP_FAILED) fail("memory for doorbells");
  values_ = static_cast<std::uint32_t*>(base);
  clear();
}

DoorbellPage::~DoorbellPage() { ::munmap(values_, area_.size); }

// Behind each value is what the guest stored before it: the queue's entries.
unsigned DoorbellPage::take(const std::function<void(std::uint64_t offset, std::uint32_t value)>& ring) {
  unsigned taken = 0;
  for (std::size_t i = 0; i < area_.size / sizeof *values_; ++i) {
    const std::atomic_ref place(values_[i]);
    if (place.load(std::memory_order_relaxed) == kNone) continue;
    ring(area_.offset + i * sizeof *values_, place.exchange(kNone, std::memory_order_acq_rel));
    ++taken;
  }
  return taken;
}

void DoorbellPage::clear() {
  for (std::size_t i = 0; i < area_.size / sizeof *values_; ++i)
    std::atomic_ref(values_[i]).store(kNone, std::memory_order_relaxed);
}

}  // namespace cardvp::host::vfio_user
