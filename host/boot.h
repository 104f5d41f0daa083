// The start of the host. The card holds it in reset until it has verified the host's boot image; then the host reads
// that image from its boot flash, as a processor's first code would. Until then host software does nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "models/base/boot_flash_port.h"
#include "models/base/model.h"
#include "models/base/sync.h"

namespace cardvp::host {

class Boot : public Model {
 public:
  Boot(sc_core::sc_module_name name, Sim& sim);

  // The wires: the flash, and the reset line, which is true while the host is held. Both outlive the host's last step.
  // A host that is connected to nothing is held for ever.
  void connect(BootFlashPort& flash, Line& reset);

  bool held() const { return held_; }
  // The boot image has been read, and the host's software runs.
  bool started() const { return started_; }
  // At each change of the above, and of error().
  Trigger& changed() { return changed_; }
  // When it last came out of reset.
  std::optional<sc_core::sc_time> released_time() const { return released_; }
  // Why it does not start although it is not held: "no boot image in the flash".
  const std::string& error() const { return error_; }

  BootFlashPort* flash() const { return flash_; }
  // SHA-384 of the image, header included, 96 hexadecimal digits; empty: none was read.
  const std::string& image_digest() const { return digest_; }
  std::uint64_t image_bytes() const { return bytes_; }

 private:
  void reset(bool held);
  Task<> start();
  // Reads `size` bytes from the flash's start, at its speed.
  Task<bool> read(std::vector<std::byte>& to, std::uint64_t size);

  BootFlashPort* flash_ = nullptr;
  bool held_ = true;
  bool started_ = false;
  std::optional<sc_core::sc_time> released_;
  std::string error_;
  std::string digest_;
  std::uint64_t bytes_ = 0;
  Trigger changed_;
  TaskScope tasks_;
};

}  // namespace cardvp::host
