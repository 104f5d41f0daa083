// An ENA device for tests of the driver, written from the device interface and independent of models/nic and of the
// driver's own definitions: no timing but a latency, everything that it was asked is recorded, what a driver must do is
// expected, and a test can make it misbehave.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "models/base/task.h"
#include "test/unit/host/fake_card.h"

namespace cardvp::host {

class FakeEna : public FakeCard {
 public:
  static constexpr std::uint64_t kBarSize = 0x4000;
  static constexpr std::uint64_t kLlqSize = 0x100000;
  static constexpr std::uint32_t kTable = 0x3000;  // MSI-X
  static constexpr unsigned kVectors = 5;

  struct Identity {
    std::uint16_t device = 0xec20;
    std::uint8_t revision = 0;  // bit 0: registers are read directly
    unsigned vectors = kVectors;
    bool llq_bar = true;
  };
  FakeEna(Sim& sim, pcie::Link& link, const Identity& identity);
  FakeEna(Sim& sim, pcie::Link& link) : FakeEna(sim, link, Identity{}) {}

  // What it is like.
  std::uint32_t version = 0x0a, controller_version = 0x01000001, caps = 0x303f;
  std::uint32_t features = 0x1c145c9e;  // 1, 2, 3, 4, 7, 10, 11, 12, 14, 18, 20, 26, 27, 28
  std::uint32_t capabilities = 0;
  std::array<std::uint8_t, 6> mac{2, 0, 0, 0, 0, 7};
  std::uint32_t max_mtu = 9216;
  std::uint32_t queues = 4, depth = 1024, header = 96;
  std::uint16_t tx_descriptors = 19, rx_descriptors = 19;
  std::uint32_t event_groups = 0x19;
  std::uint32_t tx_offloads = 0x6b, rx_offloads = 0xf;
  std::array<std::uint16_t, 9> hints{};
  std::uint32_t llqs = 4, llq_depth = 1024;
  std::uint16_t llq_sizes = 1, llq_before_header = 2, llq_stride = 2, llq_acceleration = 0, llq_burst = 0;
  std::uint16_t rss_log2 = 7;
  std::uint16_t resolution = 1;
  bool keep_alive = true;
  bool link_events = true;  // up, as soon as there is credit
  sc_core::sc_time latency{2, sc_core::SC_US};
  sc_core::sc_time reset_delay{300, sc_core::SC_US};
  bool loopback = false;  // what is sent comes back

  // How it misbehaves.
  bool ready = true, begins_reset = true, ends_reset = true, answers_reads = true;
  std::function<std::optional<unsigned>(unsigned opcode, unsigned feature)> on_admin;  // a status ends it with that
  std::function<bool(unsigned opcode, unsigned feature)> swallow;                      // true: never completed
  bool admin_interrupts = true, io_interrupts = true;
  bool completes_tx = true;
  std::function<void(std::array<std::byte, 8>&)> on_tx_completion;

  // What happened.
  struct Admin {
    unsigned opcode = 0, feature = 0;
    std::array<std::byte, 64> bytes{};
  };
  std::vector<Admin> admin;
  std::vector<unsigned> reset_reasons;
  std::vector<std::uint16_t> read_ids;  // of read-less reads
  std::vector<std::uint32_t> unmasks;   // values written, of all vectors
  std::vector<std::uint16_t> rss_table;
  struct Packet {
    unsigned queue = 0;
    std::uint16_t id = 0;
    bool has_meta = false;
    std::uint32_t flags = 0;                                       // dword 1 of the first data descriptor
    unsigned mss = 0, l3_offset = 0, l3_length = 0, l4_words = 0;  // of the meta data in force
    unsigned descriptors = 0, entries = 0;
    unsigned pushed = 0;           // bytes in the ring itself
    std::vector<unsigned> pieces;  // bytes of the other buffers
    std::vector<std::byte> bytes;
  };
  std::deque<Packet> sent;
  std::function<void(const Packet&)> on_sent;                    // then it is not kept
  std::vector<std::pair<unsigned, std::uint16_t>> tx_doorbells;  // queue, tail
  std::uint64_t buffers_posted(unsigned queue) const;

  // To the host: a frame in buffers of at most `piece` bytes (0: as they are); `status` is or-ed into each completion.
  // False: no buffer.
  bool deliver(std::span<const std::byte> frame, unsigned queue = 0, std::uint32_t status = 0, std::size_t piece = 0,
               std::uint8_t offset = 0);
  // A completion as it is, but for its phase.
  void complete_rx(unsigned queue, std::array<std::byte, 16> entry);
  void complete_tx(unsigned queue, std::array<std::byte, 8> entry);
  void complete_held(unsigned queue);  // TX packets that completes_tx held back, last first
  void post_event(std::uint16_t group, std::uint16_t syndrome, std::span<const std::uint32_t> payload);
  void complete_admin(std::uint16_t id, unsigned status);
  std::uint16_t posted_id(unsigned queue, unsigned ahead = 0) const;  // of the next buffer
  std::size_t live_queues() const { return tx_.size() + rx_.size(); }
  unsigned depth_of(bool tx, unsigned queue) const { return (tx ? tx_ : rx_).at(queue).depth; }
  unsigned events_posted() const { return event_tail_; }

  // The function leaves the link, and comes back as it is after a reset.
  void vanish();
  void come_back();

  pcie::ReadResult memory_read(std::uint64_t address, unsigned size) override;
  void memory_write(std::uint64_t address, std::span<const std::byte> data) override;
  void link_reset() override { reset(); }

  FakeFunction function;

 private:
  struct Queue {  // an SQ and its CQ
    std::uint64_t address = 0, completion_address = 0;
    unsigned depth = 0, vector = 0, cq = 0;
    bool device_memory = false;
    std::uint64_t llq = 0;  // offset in BAR 2
    std::uint16_t tail = 0, head = 0, completion_tail = 0;
    std::optional<std::array<unsigned, 4>> meta;  // MSS, L3 offset and length, L4 words
    std::vector<std::uint16_t> held;
  };
  struct Cq {
    std::uint64_t address = 0;
    unsigned depth = 0, vector = 0, dwords = 0;
  };
  struct Vector {
    bool masked = true, pending = false;
  };
  using Response = std::array<std::byte, 64>;

  void reset();
  std::uint32_t read_register(std::uint64_t offset) const;
  void write_register(std::uint64_t offset, std::uint32_t value);
  void write_control(std::uint32_t value);
  Task<> finish_reset(bool begins);
  void answer_read(std::uint32_t request);
  void take_commands(std::uint16_t tail);
  Task<> serve(Admin command, std::uint16_t id);
  unsigned execute(const Admin& command, Response& response);
  unsigned get_feature(const Admin& command, Response& response);
  unsigned set_feature(const Admin& command, Response& response);
  unsigned create_sq(const Admin& command, Response& response);
  void post_admin(std::uint16_t id, unsigned status, Response response);
  void management_interrupt();
  Task<> send_keep_alives();

  void tx_doorbell(unsigned queue, std::uint16_t tail);
  Task<> take_packets(unsigned queue);
  bool take_packet(unsigned number, Queue& queue);
  void take_meta(Queue& queue, const std::array<std::uint32_t, 4>& descriptor);
  void fetch(const std::array<std::uint32_t, 4>& descriptor, Packet& packet);
  void io_interrupt(unsigned vector);
  void send_if_allowed(unsigned vector);
  void message(unsigned vector);
  bool host_copy(std::uint64_t address, std::span<std::byte> data, bool to_host);

  Sim& sim_;
  pcie::Link& link_;
  std::uint8_t revision_;
  unsigned vectors_count_;
  std::map<std::uint64_t, std::uint32_t> registers_;
  std::array<std::byte, 16 * 16> table_{};
  std::vector<std::byte> llq_;
  std::uint32_t status_ = 1;
  bool in_reset_ = false;
  std::uint16_t aq_head_ = 0, acq_tail_ = 0, event_tail_ = 0;
  std::uint32_t enabled_groups_ = 0;
  std::map<unsigned, Cq> cqs_;
  std::map<unsigned, Queue> tx_, rx_;
  std::map<unsigned, Vector> interrupts_;
  std::uint64_t llq_used_ = 0;
  bool management_pending_ = false;
  std::uint16_t msix_;
  TaskScope tasks_;
};

}  // namespace cardvp::host
