#include "models/nvme/io_unit.h"

#include <algorithm>

namespace cardvp::nvme {

using sc_core::sc_time;
using security::CipherDirection;
using storage::VolumeOperation;

namespace {

constexpr std::uint32_t kNamespace = 1;
constexpr std::uint32_t kAllNamespaces = 0xffffffff;

// Neither fused operations nor SGLs (4.2: FUSE, PSDT).
bool plain(const SubmissionEntry& entry) { return (entry.flags & 0xc3) == 0; }

// The simulator's own speed: what is about to be decrypted comes into the processor's caches while other tasks run. For
// what is longer than a page the processor sees for itself where it goes on. (Inline: GCC takes a function that only
// prefetches for one without effect, and leaves the call out.)
[[gnu::always_inline]] inline void prefetch(std::span<const std::byte> data) {
  constexpr std::size_t kLine = 64;
  const std::size_t bytes = std::min<std::size_t>(data.size(), kPageSize);
  for (std::size_t at = 0; at < bytes; at += kLine) __builtin_prefetch(&data[at]);
}

}  // namespace

IoUnit::IoUnit(Sim& sim, const std::string& name, const Config& config, DmaPort& host, storage::Volume& volume,
               security::VolumeCipher* cipher, std::uint16_t function)
    : sim_(sim),
      name_(name),
      log_(sim.log, name),
      energy_(sim.energy.meter(name)),
      config_(config),
      host_(host),
      volume_(volume),
      cipher_(cipher),
      function_(function),
      staging_(sim.scheduler),
      read_{"read", sim.stats.counter(name + ".reads", "commands"), sim.stats.histogram(name + ".read_latency", "ps")},
      write_{"write", sim.stats.counter(name + ".writes", "commands"),
             sim.stats.histogram(name + ".write_latency", "ps")},
      flush_{"flush", sim.stats.counter(name + ".flushes", "commands"),
             sim.stats.histogram(name + ".flush_latency", "ps")},
      read_bytes_(sim.stats.counter(name + ".read_bytes", "bytes")),
      write_bytes_(sim.stats.counter(name + ".write_bytes", "bytes")),
      decrypted_bytes_(sim.stats.counter(name + ".decrypted_bytes", "bytes")),
      encrypted_bytes_(sim.stats.counter(name + ".encrypted_bytes", "bytes")),
      denied_(sim.stats.counter(name + ".denied", "commands")),
      errors_(sim.stats.counter(name + ".errors", "commands")) {}

void IoUnit::begin(SubmissionQueue& queue, const SubmissionEntry& entry) {
  energy_.add_picojoules(config_.picojoules_per_command);
  TaskScope& tasks = queue.tasks();
  switch (static_cast<Opcode>(entry.opcode)) {
    case Opcode::kRead: return tasks.spawn(read(queue, entry));
    case Opcode::kWrite: return tasks.spawn(write(queue, entry));
    case Opcode::kFlush: return tasks.spawn(flush(queue, entry));
  }
  tasks.spawn(reject(queue, entry, status::kInvalidOpcode));
}

sc_time IoUnit::decoded() {
  decoder_free_ = std::max(decoder_free_, sim_.scheduler.now()) + config_.command_overhead;
  return decoder_free_;
}

Status IoUnit::prepare(const SubmissionEntry& entry, Transfer& transfer) const {
  if (!plain(entry)) return status::kInvalidField;
  if (entry.nsid != kNamespace) return status::kInvalidNamespace;
  const std::uint32_t count = entry.lba_count();
  if (std::uint64_t{count} << volume_.block_shift() > kMaxTransfer) return status::kInvalidField;
  if (entry.lba() >= volume_.blocks() || count > volume_.blocks() - entry.lba()) return status::kLbaOutOfRange;
  transfer.encryption = encryption_;
  if (!permitted(transfer.encryption)) return status::kAccessDenied;
  transfer.lba = entry.lba();
  transfer.offset = entry.lba() << volume_.block_shift();
  transfer.bytes = count << volume_.block_shift();
  transfer.by_list = needs_prp_list(entry.prp1, transfer.bytes);
  return transfer.by_list ? status::kSuccess : resolve_prps(entry.prp1, entry.prp2, transfer.bytes, transfer.segments);
}

bool IoUnit::permitted(const Encryption& encryption) const {
  if (encryption != encryption_) return false;
  return !encryption.enabled || (cipher_ && cipher_->usable({.slot = encryption.slot, .owner = function_}));
}

bool IoUnit::cipher(CipherDirection direction, const Transfer& transfer, std::uint32_t done,
                    std::span<const std::byte> from, std::span<std::byte> to) {
  return transfer.encryption == encryption_ &&
         cipher_->apply({.slot = transfer.encryption.slot, .owner = function_}, direction,
                        transfer.lba + (done >> volume_.block_shift()), 1u << volume_.block_shift(), from, to);
}

// The overhead of decoding is charged together with the medium's time, after the PRP list or the data have been
// fetched: the sum is the same, and it is one wait less.

Task<> IoUnit::read(SubmissionQueue& queue, SubmissionEntry entry) {
  const sc_time begun = sim_.scheduler.now();
  SubmissionQueue::Abortable abortable(queue, entry.cid);
  Transfer transfer;
  Status status = prepare(entry, transfer);
  if (status == status::kSuccess && transfer.by_list)
    status = co_await resolve_prp_list(host_, entry.prp1, entry.prp2, transfer.bytes, transfer.segments);
  if (status == status::kSuccess) {
    sc_time end = volume_.reserve(VolumeOperation::kRead, transfer.bytes, decoded());
    if (transfer.encryption.enabled) {
      end = cipher_->reserve(transfer.bytes, end);
      prefetch(volume_.medium().direct(transfer.offset, transfer.bytes));
    }
    co_await sim_.scheduler.until(end);
    status = abortable.aborted() ? status::kAbortRequested : send(transfer);
    if (transfer.encryption.enabled) co_await sim_.scheduler.until(cipher_->done(sim_.scheduler.now()));
  } else {
    co_await sim_.scheduler.until(decoded());
  }
  abortable.end();
  co_await queue.completions().room().acquire();
  if (status == status::kSuccess) {
    totals_.read_bytes += transfer.bytes;
    ++totals_.reads;
    read_bytes_.add(transfer.bytes);
  }
  finish(queue, entry, status, &read_, begun);
}

Task<> IoUnit::write(SubmissionQueue& queue, SubmissionEntry entry) {
  const sc_time begun = sim_.scheduler.now();
  SubmissionQueue::Abortable abortable(queue, entry.cid);
  Transfer transfer;
  Status status = prepare(entry, transfer);
  if (status == status::kSuccess && entry.directive_type() != 0) status = status::kInvalidField;
  if (status == status::kSuccess && volume_.medium().read_only()) status = status::kWriteProtected;
  if (status == status::kSuccess && transfer.by_list)
    status = co_await resolve_prp_list(host_, entry.prp1, entry.prp2, transfer.bytes, transfer.segments);
  if (status == status::kSuccess) {
    // Data enters the medium when it arrives, or has been encrypted. A command that fails or is reset later leaves its
    // range undetermined.
    std::span<std::byte> place;
    if (!transfer.encryption.enabled) place = volume_.medium().direct(transfer.offset, transfer.bytes);
    if (place.empty())
      status = co_await store_staged(transfer);
    else if (co_await host_.read(transfer.segments.view(), place.data()) != DmaStatus::kOk)
      status = status::kDataTransferError;
    else if (transfer.encryption != encryption_)
      status = status::kAccessDenied;
  }
  if (status == status::kSuccess) {
    co_await sim_.scheduler.until(volume_.reserve(VolumeOperation::kWrite, transfer.bytes, decoded()));
    if (entry.force_unit_access() || !write_cache_) {
      co_await sim_.scheduler.until(volume_.reserve(VolumeOperation::kFlush, 0));
      status = flush_medium();
    }
    if (abortable.aborted()) status = status::kAbortRequested;
  } else {
    co_await sim_.scheduler.until(decoded());
  }
  abortable.end();
  co_await queue.completions().room().acquire();
  if (status == status::kSuccess) {
    totals_.write_bytes += transfer.bytes;
    ++totals_.writes;
    write_bytes_.add(transfer.bytes);
  }
  finish(queue, entry, status, &write_, begun);
}

Task<> IoUnit::flush(SubmissionQueue& queue, SubmissionEntry entry) {
  const sc_time begun = sim_.scheduler.now();
  SubmissionQueue::Abortable abortable(queue, entry.cid);
  Status status = status::kSuccess;
  if (!plain(entry))
    status = status::kInvalidField;
  else if (entry.nsid != kNamespace && entry.nsid != kAllNamespaces)
    status = status::kInvalidNamespace;
  if (status == status::kSuccess) {
    co_await sim_.scheduler.until(volume_.reserve(VolumeOperation::kFlush, 0, decoded()));
    status = abortable.aborted() ? status::kAbortRequested : flush_medium();
  } else {
    co_await sim_.scheduler.until(decoded());
  }
  abortable.end();
  co_await queue.completions().room().acquire();
  finish(queue, entry, status, &flush_, begun);
}

Task<> IoUnit::reject(SubmissionQueue& queue, SubmissionEntry entry, Status status) {
  const sc_time begun = sim_.scheduler.now();
  co_await sim_.scheduler.until(decoded());
  co_await queue.completions().room().acquire();
  finish(queue, entry, status, nullptr, begun);
}

Status IoUnit::send(const Transfer& transfer) {
  if (transfer.encryption != encryption_) return status::kAccessDenied;
  storage::Medium& medium = volume_.medium();
  std::span<const std::byte> data = medium.direct(transfer.offset, transfer.bytes);
  if (data.empty()) {
    if (!medium.read(transfer.offset, {outgoing(), transfer.bytes})) return status::kUnrecoveredReadError;
    data = {outgoing(), transfer.bytes};
  }
  if (transfer.encryption.enabled) return send_decrypted(transfer, data);
  for (const DmaSegment& segment : transfer.segments.view()) {
    if (!host_.write(segment.address, data.first(segment.size))) return status::kDataTransferError;
    data = data.subspan(segment.size);
  }
  return status::kSuccess;
}

// Straight to the host's memory where that is possible. Nothing goes to the host before all of it can be decrypted: no
// time passes in here.
Status IoUnit::send_decrypted(const Transfer& transfer, std::span<const std::byte> data) {
  const std::uint32_t within_block = (1u << volume_.block_shift()) - 1;
  const std::span<const DmaSegment> segments = transfer.segments.view();
  const bool by_segment = std::ranges::all_of(segments, [&](const DmaSegment& s) { return !(s.size & within_block); });
  const std::span<std::byte> buffer(outgoing(), transfer.bytes);
  if (!by_segment && !cipher(CipherDirection::kDecrypt, transfer, 0, data, buffer)) return status::kAccessDenied;
  std::uint32_t done = 0;
  for (const DmaSegment& segment : segments) {
    const std::span<std::byte> plain = buffer.subspan(done, segment.size);
    std::byte* const place = by_segment ? host_.write_in_place(segment.address, segment.size) : nullptr;
    if (by_segment && !cipher(CipherDirection::kDecrypt, transfer, done, data.subspan(done, segment.size),
                              place ? std::span(place, segment.size) : plain))
      return status::kAccessDenied;
    if (!place && !host_.write(segment.address, plain)) return status::kDataTransferError;
    done += segment.size;
  }
  decrypted_bytes_.add(transfer.bytes);
  return status::kSuccess;
}

Task<Status> IoUnit::store_staged(const Transfer& transfer) {
  co_await staging_.free().acquire();
  Staging::Buffer buffer(staging_);
  const std::span<std::byte> data(buffer.data(), transfer.bytes);
  if (co_await host_.read(transfer.segments.view(), data.data()) != DmaStatus::kOk)
    co_return status::kDataTransferError;
  if (!permitted(transfer.encryption)) co_return status::kAccessDenied;
  if (transfer.encryption.enabled) {
    co_await sim_.scheduler.until(cipher_->reserve(transfer.bytes, sim_.scheduler.now()));
    const std::span<std::byte> place = volume_.medium().direct(transfer.offset, transfer.bytes);
    if (!cipher(CipherDirection::kEncrypt, transfer, 0, data, place.empty() ? data : place))
      co_return status::kAccessDenied;
    co_await sim_.scheduler.until(cipher_->done(sim_.scheduler.now()));
    encrypted_bytes_.add(transfer.bytes);
    if (!place.empty()) co_return status::kSuccess;
  }
  const bool stored = volume_.medium().write(transfer.offset, data);
  co_return stored ? status::kSuccess : status::kWriteFault;
}

void IoUnit::finish(SubmissionQueue& queue, const SubmissionEntry& entry, Status status, const Kind* kind,
                    sc_time begun) {
  queue.end(entry.cid, status);
  const sc_time now = sim_.scheduler.now();
  if (status != status::kSuccess) {
    count_error(queue, entry, status);
  } else if (kind) {
    kind->commands.add();
    kind->latency.add((now - begun).value());
  }
  if (log_.debugging())
    sim_.trace.span(name_, std::uint32_t{queue.id()} << 16 | entry.cid, kind ? kind->name : "unknown", begun, now);
}

void IoUnit::count_error(const SubmissionQueue& queue, const SubmissionEntry& entry, Status status) {
  errors_.add();
  sim_.stats.counter(name_ + ".errors." + std::string(status::name(status)), "commands").add();
  ++totals_.errors;
  if (status == status::kAccessDenied)
    denied_.add();
  else if ((status & 0x700) == status::kMediaType)
    ++totals_.media_errors;
  totals_.last_error = queue.id() | std::uint64_t{entry.cid} << 16 | std::uint64_t{status} << 33;
  totals_.last_error_lba = entry.lba();
}

}  // namespace cardvp::nvme
