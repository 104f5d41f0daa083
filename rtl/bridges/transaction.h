// Reads and writes of a block, and what every bridge to a target interface has in common.
//
//   const Response response = co_await bridge.write(0x10, bytes);        // in a task
//   Transaction read(bridge, false, 0x10, buffer);                       // where nobody can wait
//   bridge.access_now(read);  // the block runs ahead; read.done.at() says to what time
//
// A transaction of any address and size is cut into what the interface can carry. Bytes are in the order of their
// addresses.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "models/base/model.h"
#include "rtl/bridges/interface_pins.h"

namespace cardvp::rtl {

// The first four are AXI's, as encoded on the pins (IHI 0022, A3.4.4). Of several the worst, that is the last, counts.
enum class Response : std::uint8_t {
  kOkay,
  kExOkay,
  kSlvErr,
  kDecErr,
  kTimeOut,  // the block did not answer, or has stopped
  kReset,    // the block was reset meanwhile
  kRefused,  // the interface cannot carry it: a part of a word without write strobes
  kBusy,     // the block runs already, further up the call stack, so that nobody can wait for it
};
std::string_view to_string(Response response);
inline bool is_okay(Response response) { return response <= Response::kExOkay; }

enum class BurstType : std::uint8_t { kFixed, kIncr, kWrap };  // as encoded on the pins

// How AXI is to carry a transaction; other protocols know none of this.
struct BurstShape {
  BurstType type = BurstType::kIncr;
  unsigned bytes_per_beat = 0;  // a power of two; 0: one beat of the transaction's size if it can be that, else all
  unsigned max_beats = 256;
  std::uint32_t id = 0;
};

class TargetBridge;

class Transaction {
 public:
  Transaction(TargetBridge& bridge, bool is_write, std::uint64_t at_address, std::span<std::uint8_t> bytes,
              const BurstShape& burst_shape = {});
  ~Transaction();  // one in flight is abandoned: the bridge brings it to its end, and forgets the outcome
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  const bool write;
  const std::uint64_t address;
  const std::span<std::uint8_t> data;  // must live as long
  const BurstShape shape;
  Response response = Response::kOkay;
  Completion done;

  std::string text() const;  // "write 0x10 <- 0x1"

 private:
  friend class TargetBridge;
  friend class PartQueue;
  void answer(Response part);

  TargetBridge& bridge_;
  std::size_t cut_ = 0;        // bytes that were made parts of
  std::size_t in_flight_ = 0;  // parts
  bool begun_ = false;
};

// A block that does not answer (BridgePins::time_out) leaves the interface as it is, as hardware would: the access
// stays on the pins, its late answer is thrown away, and what comes behind waits for it. A reset of the block ends
// that.
class TargetBridge : public BridgePins {
 public:
  Task<Response> read(std::uint64_t address, std::span<std::uint8_t> to, BurstShape shape = {});
  Task<Response> write(std::uint64_t address, std::span<const std::uint8_t> from, BurstShape shape = {});

  // Begins it; `transaction.done` tells the end.
  void start(Transaction& transaction);
  // Runs the block until it is complete.
  Response access_now(Transaction& transaction);

  std::string name() const override { return pins_.description().name; }
  Block& block() const { return block_; }
  const InterfacePins& pins() const { return pins_; }

 protected:
  TargetBridge(Sim& sim, Block& block, const InterfaceDescription& description);

  // Takes it up, or says why not.
  virtual Response accept(Transaction& transaction) = 0;
  virtual void abandon(Transaction& transaction) = 0;
  void show(const Transaction& transaction);  // in the waveform
  void show_nothing();
  // Answers of the block that nobody asked for, or that are not of the form that was.
  void unexpected() { unexpected_.add(); }

 private:
  friend class Transaction;
  Sim& sim_;
  Block& block_;
  InterfacePins pins_;
  std::uint32_t track_;
  Counter& transactions_;
  Counter& errors_;
  Counter& unexpected_;
};

}  // namespace cardvp::rtl
