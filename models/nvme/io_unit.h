// Executes the I/O commands of one controller (NVMe 1.4, 6): Read, Write, Flush. One command is one task.
//
// An encrypted volume holds AES-XTS ciphertext: what is read is decrypted on its way to the host, what is written is
// encrypted on its way to the medium, and there is no other way for either. Without a usable key, when a command begins
// or when it comes to the cipher, it ends as Access Denied and has moved nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "models/base/model.h"
#include "models/nvme/prp.h"
#include "models/nvme/spec.h"
#include "models/nvme/staging.h"
#include "models/nvme/submission_queue.h"
#include "models/security/volume_cipher.h"
#include "models/storage/volume.h"

namespace cardvp::nvme {

class IoUnit {
 public:
  struct Config {
    sc_core::sc_time command_overhead;
    double picojoules_per_command = 0;
  };
  // `name`: of the controller; statistics, energy and trace go there.
  // `cipher`: null if there is none; `function`: the PCIe function, which must own the volume's key.
  IoUnit(Sim& sim, const std::string& name, const Config& config, DmaPort& host, storage::Volume& volume,
         security::VolumeCipher* cipher, std::uint16_t function);

  void begin(SubmissionQueue& queue, const SubmissionEntry& entry);

  // Off: a write also flushes before it completes, as one with FUA does.
  void set_write_cache(bool on) { write_cache_ = on; }

  // As in the register CIPHER. A read or write that began under another setting ends as Access Denied.
  struct Encryption {
    bool enabled = false;
    std::uint16_t slot = 0;
    bool operator==(const Encryption&) const = default;
  };
  void set_encryption(Encryption encryption) { encryption_ = encryption; }

  // For the firmware: counted since card reset.
  struct Totals {
    std::uint64_t reads = 0, writes = 0, read_bytes = 0, write_bytes = 0;
    std::uint64_t errors = 0, media_errors = 0;
    std::uint64_t last_error = 0, last_error_lba = 0;  // as in the registers of these names
  };
  const Totals& totals() const { return totals_; }
  void reset_totals() { totals_ = {}; }

 private:
  struct Transfer {
    std::uint64_t lba = 0;
    std::uint64_t offset = 0;  // bytes from the start of the volume
    std::uint32_t bytes = 0;
    bool by_list = false;  // the segments are still to be read from the PRP list
    Encryption encryption;
    Segments segments;
  };
  struct Kind {  // of command, for statistics
    const char* name;
    Counter& commands;
    Histogram& latency;
  };

  Task<> read(SubmissionQueue& queue, SubmissionEntry entry);
  Task<> write(SubmissionQueue& queue, SubmissionEntry entry);
  Task<> flush(SubmissionQueue& queue, SubmissionEntry entry);
  Task<> reject(SubmissionQueue& queue, SubmissionEntry entry, Status status);

  // Checks a Read or Write; finds its place on the volume and, unless by_list, in the host's memory.
  Status prepare(const SubmissionEntry& entry, Transfer& transfer) const;
  // The volume's encryption is still what the command began with, and can be done.
  bool permitted(const Encryption& encryption) const;
  // The part of the transfer that begins `done` bytes, whole blocks, behind its start.
  bool cipher(security::CipherDirection direction, const Transfer& transfer, std::uint32_t done,
              std::span<const std::byte> from, std::span<std::byte> to);
  // Volume to host, host to volume.
  Status send(const Transfer& transfer);
  Status send_decrypted(const Transfer& transfer, std::span<const std::byte> data);
  std::byte* outgoing() {
    if (!outgoing_) outgoing_ = std::make_unique_for_overwrite<std::byte[]>(kMaxTransfer);
    return outgoing_.get();
  }
  Task<Status> store_staged(const Transfer& transfer);
  Status flush_medium() { return volume_.medium().flush() ? status::kSuccess : status::kWriteFault; }

  // The decoder is taken by one command after the other; says when it has done this one.
  sc_core::sc_time decoded();
  void finish(SubmissionQueue& queue, const SubmissionEntry& entry, Status status, const Kind* kind,
              sc_core::sc_time begun);
  void count_error(const SubmissionQueue& queue, const SubmissionEntry& entry, Status status);

  Sim& sim_;
  std::string name_;
  Logger log_;
  EnergyMeter& energy_;
  Config config_;
  DmaPort& host_;
  storage::Volume& volume_;
  security::VolumeCipher* cipher_;
  std::uint16_t function_;
  Encryption encryption_;
  Staging staging_;
  // For data that cannot go to the host as it is on the medium, or is not to be had in place: in use within send()
  // only.
  std::unique_ptr<std::byte[]> outgoing_;
  sc_core::sc_time decoder_free_;
  bool write_cache_ = true;
  Totals totals_;
  Kind read_;
  Kind write_;
  Kind flush_;
  Counter& read_bytes_;
  Counter& write_bytes_;
  Counter& decrypted_bytes_;
  Counter& encrypted_bytes_;
  Counter& denied_;
  Counter& errors_;
};

}  // namespace cardvp::nvme
