#include "test/unit/nic_ena/machine.h"

#include <algorithm>
#include <cstring>

namespace cardvp::nic::ena {

namespace control = control_regs;
namespace hreg = host_regs;

namespace mbox {
#define CARDVP_REGISTERS "models/memory/mailbox.def"
#include "models/base/declare_registers.h"
}  // namespace mbox

bool CardRam::access(const BusAccess& access) {
  if (access.offset > bytes.size() || access.size > bytes.size() - access.offset) return false;
  if (access.write)
    std::memcpy(&bytes[access.offset], access.data, access.size);
  else
    std::memcpy(access.data, &bytes[access.offset], access.size);
  return true;
}

void Core::access(bool write, std::uint64_t address, void* data, unsigned size, sc_core::sc_time ahead) {
  tlm::tlm_generic_payload payload;
  payload.set_command(write ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND);
  payload.set_address(base_ + address);
  payload.set_data_ptr(static_cast<unsigned char*>(data));
  payload.set_data_length(size);
  payload.set_streaming_width(size);
  socket->b_transport(payload, ahead);
  EXPECT_TRUE(payload.is_response_ok()) << hex(address);
}

std::uint64_t Core::read(std::uint64_t address, unsigned size) {
  std::uint64_t value = 0;
  access(false, address, &value, size, sc_core::SC_ZERO_TIME);
  return value;
}

void Core::write(std::uint64_t address, std::uint64_t value, unsigned size, sc_core::sc_time ahead) {
  access(true, address, &value, size, ahead);
}

DataPath::Sent FakeDataPath::transmit(std::uint16_t function, wire::FramePtr frame, sc_core::sc_time ready) {
  const sc_core::sc_time now = sc_core::sc_time_stamp();
  packets.push_back({function, now, ready, {frame->bytes().begin(), frame->bytes().end()}});
  return {.accepted = accepts, .next = pause == sc_core::SC_ZERO_TIME ? pause : now + pause};
}

// ---- Firmware

namespace {
constexpr std::uint64_t kChannel = memory::kNicChannel * 0x1000;
}

Firmware::Firmware(Sim& sim, memory::Mailbox& mailbox, Engine& engine, std::uint16_t function)
    : page("firmware_engine", engine, function * control::kBank.size),
      function_(function),
      mailbox_("firmware_mailbox", mailbox),
      wake_(sim.scheduler),
      tasks_(sim.scheduler) {
  mailbox.interrupt.connect([this](bool) { wake_.notify(); });
  mailbox_.write(kChannel + mbox::offset::INTERRUPT, 1);
  tasks_.spawn(run());
}

void Firmware::set_up() {
  page.write(control::offset::HOST_VERSION, kVersion);
  page.write(control::offset::HOST_CONTROLLER, kController);
  page.write(control::offset::HOST_CAPS, kCaps);
  page.write(control::offset::STATUS, 1);
}

Task<> Firmware::run() {
  while (true) {
    while (silent || mailbox_.read(kChannel + mbox::offset::RX_STATUS) == 0) co_await wake_;
    nic_message_admin message{};
    for (unsigned at = 0; at < sizeof message; at += 4) {
      const auto word = static_cast<std::uint32_t>(mailbox_.read(kChannel + mbox::offset::RX_DATA + at));
      std::memcpy(reinterpret_cast<char*>(&message) + at, &word, 4);
    }
    mailbox_.write(kChannel + mbox::offset::RX_POP, 1);
    if (message.header.type == NIC_MESSAGE_EVENT) {
      handle_events(message.header.function);
    } else if (message.header.type == NIC_MESSAGE_FETCHED) {
      nic_message_fetched answer;
      std::memcpy(&answer, &message, sizeof answer);
      fetched.push_back(answer);
    } else {
      EXPECT_EQ(message.header.type, NIC_MESSAGE_ADMIN);
      commands.push_back(message);
      if (on_admin)
        on_admin(message);
      else
        complete(message.header);
    }
  }
}

void Firmware::handle_events(std::uint16_t function) {
  if (function != function_) {
    others.push_back(function);
    const std::uint64_t there = (std::uint64_t{function} - function_) * control::kBank.size + control::offset::EVENTS;
    return page.write(there, page.read(there));
  }
  const auto seen = static_cast<std::uint32_t>(page.read(control::offset::EVENTS));
  events.push_back(seen);
  page.write(control::offset::EVENTS, seen);
  if (control::EVENTS_FUNCTION_RESET.of(seen)) set_up();
  if (control::EVENTS_RELEASED.of(seen) && ends_resets) page.write(control::offset::STATUS, 3);
}

void Firmware::send_bytes(std::span<const std::byte> message) {
  for (unsigned at = 0; at < message.size(); at += 4) {
    std::uint32_t word = 0;
    std::memcpy(&word, &message[at], std::min<std::size_t>(4, message.size() - at));
    mailbox_.write(kChannel + mbox::offset::TX_DATA + at, word);
  }
  mailbox_.write(kChannel + mbox::offset::TX_SEND, 1);
}

void Firmware::complete(const nic_message_header& header, std::uint8_t status, std::uint64_t data,
                        std::uint64_t host_address, std::uint32_t bytes) {
  nic_message_complete message{};
  message.header = {NIC_MESSAGE_COMPLETE, header.function, header.tag};
  for (unsigned i = 0; i < 16; ++i) message.response[i] = 0x11111111 * i;
  message.response[0] = 0xfe00ffff | std::uint32_t{status} << 16;  // id and phase are to be replaced
  message.data_address = data;
  message.host_address = host_address;
  message.data_size = bytes;
  send(message);
}

void Firmware::fetch(const nic_message_header& header, std::uint64_t host_address, std::uint64_t to,
                     std::uint32_t bytes) {
  send(nic_message_fetch{.header = {NIC_MESSAGE_FETCH, header.function, header.tag},
                         .host_address = host_address,
                         .address = to,
                         .size = bytes,
                         .reserved = 0});
}

void Firmware::post_event(std::uint16_t group, std::uint32_t payload) {
  nic_message_aenq message{};
  message.header = {NIC_MESSAGE_AENQ, function_, 0};
  message.group = group;
  message.payload[0] = payload;
  send(message);
}

std::uint64_t Firmware::queue(Operation operation, unsigned index, const Queue& shape) {
  page.write(control::offset::QUEUE_BASE, shape.base, 8);
  page.write(control::offset::QUEUE_SHAPE,
             control::QUEUE_SHAPE_ENTRIES.in(shape.entries) | control::QUEUE_SHAPE_ENTRY_BYTES.in(shape.entry_bytes) |
                 control::QUEUE_SHAPE_LLQ.in(shape.llq) | control::QUEUE_SHAPE_INTERRUPTS.in(shape.interrupts));
  page.write(control::offset::QUEUE_LINK,
             control::QUEUE_LINK_CQ.in(shape.cq) | control::QUEUE_LINK_VECTOR.in(shape.vector));
  page.write(control::offset::QUEUE_COMMAND,
             control::QUEUE_COMMAND_INDEX.in(index) | control::QUEUE_COMMAND_OPERATION.in(operation));
  return page.read(control::offset::QUEUE_RESULT);
}

// ---- Descriptors

TxDescriptor data_descriptor(const DataFields& fields) {
  const std::uint32_t request = fields.request;
  return {{fields.length | request >> 10 << 16 | std::uint32_t{fields.first} << 26 | std::uint32_t{fields.last} << 27 |
               1u << 28,
           fields.offloads | (request & 0x3ff) << 22, static_cast<std::uint32_t>(fields.address),
           static_cast<std::uint32_t>(fields.address >> 32) | fields.header << 24}};
}

TxDescriptor meta_descriptor(const TxMeta& meta, bool stores) {
  return {{1u << 14 | meta.mss >> 10 << 16 | 1u << 20 | std::uint32_t{stores} << 21 | 1u << 23 | 1u << 26, 0,
           meta.l3_length | meta.l3_offset << 8 | meta.l4_length / 4 << 16 | (meta.mss & 0x3ff) << 22, 0}};
}

// ---- Machine

EnaConfig small_config(std::uint8_t function) {
  EnaConfig config;
  config.function = function;
  config.queues = 4;
  config.queue_entries = 1024;
  config.llq_entries = 64;
  return config;
}

Machine::Machine(const EnaConfig& function, const std::vector<EnaConfig>& others,
                 const std::function<Math(Sim&)>& make_math)
    : config(function), math(make_math(sim)) {
  link.connect(host);
  engine.card.bind(ram.socket);
  for (const EnaConfig& other : others) engine.add(other, link, endpoint);
  engine.add(config, link, endpoint);
}

std::uint64_t Machine::allocate(std::uint64_t bytes, std::uint64_t alignment) {
  const std::uint64_t address = (next_free + alignment - 1) / alignment * alignment;
  next_free = address + bytes;
  EXPECT_LE(next_free, kMemory);
  host.fill(address, bytes);
  return address;
}

void Machine::store(std::uint64_t address, std::span<const std::byte> data) {
  std::copy(data.begin(), data.end(), host.memory.begin() + static_cast<std::ptrdiff_t>(address));
}

Bytes Machine::load(std::uint64_t address, std::size_t bytes) const {
  const auto from = host.memory.begin() + static_cast<std::ptrdiff_t>(address);
  return {from, from + static_cast<std::ptrdiff_t>(bytes)};
}

void Machine::plug() {
  firmware.set_up();
  endpoint_core.write(0x1000 * (config.function + 1u), 1);  // CONTROL.PRESENT
  endpoint_core.write(0x0000, 1);                           // link: CONTROL.ENABLE
  run(link.config().training + us(2));
  ASSERT_TRUE(link.up());
  configure();
  firmware.events.clear();
}

void Machine::place_bars() {
  set_config(0x10, 4, static_cast<std::uint32_t>(kBar0));
  set_config(0x18, 4, static_cast<std::uint32_t>(kBar2));
}

void Machine::configure() {
  place_bars();
  set_bus_master(true);
  set_config(0x92, 2, 0x8000);  // MSI-X enable
  for (unsigned vector = 0; vector <= config.queues; ++vector) {
    set_reg(kMsixTable + vector * 16, kMessages + vector * 4, 8);
    set_reg(kMsixTable + vector * 16 + 8, vector + 1);
    set_reg(kMsixTable + vector * 16 + 12, 0);
  }
}

void Machine::set_admin_rings(std::uint32_t entries, std::uint32_t events) {
  std::memset(&host.memory[kAq], 0, 0x30000);
  admin_entries = entries;
  admin_tail = admin_head = 0;
  set_reg(hreg::offset::AQ_BASE_LO, kAq);
  set_reg(hreg::offset::ACQ_BASE_LO, kAcq);
  set_reg(hreg::offset::AQ_CAPS, 64u << 16 | entries);
  set_reg(hreg::offset::ACQ_CAPS, 64u << 16 | entries);
  set_reg(hreg::offset::AENQ_BASE_LO, kAenq);
  set_reg(hreg::offset::AENQ_CAPS, 64u << 16 | events);
}

void Machine::device_reset(std::uint32_t reason) {
  set_reg(hreg::offset::DEV_CTL, 1 | reason << 28);
  run(us(1));
  ASSERT_EQ(reg(hreg::offset::DEV_STS) & 8, 8u);
  set_reg(hreg::offset::DEV_CTL, 0);
  run(us(1));
  ASSERT_EQ(reg(hreg::offset::DEV_STS) & 9, 1u);
}

void Machine::set_reg(std::uint64_t offset, std::uint64_t value, unsigned size) {
  std::array<std::byte, 8> bytes;
  std::memcpy(bytes.data(), &value, sizeof value);
  endpoint.memory_write(kBar0 + offset, std::span(bytes).first(size));
}

void Machine::put_command(std::uint16_t id, std::uint8_t opcode, std::uint32_t fill) {
  std::array<std::uint32_t, 16> entry;
  entry.fill(fill);
  entry[0] = id | std::uint32_t{opcode} << 16 | std::uint32_t{(admin_tail & admin_entries) == 0} << 24;
  host.store(kAq + (admin_tail++ & (admin_entries - 1)) * 64, entry);
}

std::optional<std::array<std::uint32_t, 16>> Machine::poll_admin() {
  const auto entry = host.load<std::array<std::uint32_t, 16>>(kAcq + (admin_head & (admin_entries - 1)) * 64);
  if ((entry[0] >> 24 & 1) != ((admin_head & admin_entries) == 0)) return std::nullopt;
  ++admin_head;
  return entry;
}

// ---- TX

TxRing Machine::create_tx(unsigned index, const QueueOptions& options) {
  TxRing ring{.index = index, .entries = options.entries, .cq_bytes = options.cq_bytes ? options.cq_bytes : 8};
  ring.cq = allocate(std::uint64_t{ring.entries} * ring.cq_bytes, 4096);
  std::memset(&host.memory[ring.cq], 0, std::size_t{ring.entries} * ring.cq_bytes);
  const unsigned cq = 2 * index;
  EXPECT_EQ(firmware.queue(Firmware::kCreateCq, cq,
                           {.base = ring.cq,
                            .entries = ring.entries,
                            .entry_bytes = ring.cq_bytes,
                            .interrupts = options.interrupts,
                            .vector = options.vector.value_or(index + 1)}),
            0u);
  ring.llq = options.llq_bytes != 0;
  if (ring.llq)
    ring.entry_bytes = options.llq_bytes;
  else
    ring.sq = allocate(std::uint64_t{ring.entries} * kDescriptor, 4096);
  const std::uint64_t result = firmware.queue(
      Firmware::kCreateTx, index,
      {.base = ring.sq, .entries = ring.entries, .entry_bytes = ring.entry_bytes, .llq = ring.llq, .cq = cq});
  EXPECT_EQ(control::QUEUE_RESULT_CODE.of(result), 0u);
  if (ring.llq) ring.sq = control::QUEUE_RESULT_LLQ_OFFSET.of(result);
  return ring;
}

void Machine::put(TxRing& ring, const TxDescriptor& descriptor) {
  TxDescriptor entry = descriptor;
  if ((ring.tail & ring.entries) == 0) entry.dword[0] |= 1u << 24;
  host.store(ring.sq + (ring.tail++ & (ring.entries - 1)) * sizeof entry, entry);
}

std::optional<TxCompletion> Machine::poll(TxRing& ring) {
  TxCompletion entry{};
  std::memcpy(&entry, &host.memory[ring.cq + (ring.head & (ring.entries - 1)) * ring.cq_bytes], ring.cq_bytes);
  if ((entry.flags & 1) != ((ring.head & ring.entries) == 0)) return std::nullopt;
  ++ring.head;
  return entry;
}

std::uint64_t Machine::put_packet(TxRing& ring, std::span<const std::byte> packet, std::uint16_t request,
                                  std::uint32_t offloads, const TxMeta& meta) {
  const std::uint64_t address = allocate(packet.size(), 1);
  store(address, packet);
  if (meta.known) put(ring, meta_descriptor(meta));
  // Longer ones in pieces, as a descriptor's length has 16 bits.
  std::size_t done = 0;
  do {
    const std::size_t bytes = std::min<std::size_t>(packet.size() - done, 16384);
    put(ring, data_descriptor({.address = address + done,
                               .length = static_cast<std::uint32_t>(bytes),
                               .request = done == 0 ? request : std::uint16_t{0},
                               .first = done == 0 && !meta.known,
                               .last = done + bytes == packet.size(),
                               .offloads = done == 0 ? offloads : 0}));
    done += bytes;
  } while (done < packet.size());
  return address;
}

void Machine::send(TxRing& ring, std::span<const std::byte> packet, std::uint32_t offloads, const TxMeta& meta) {
  const auto request = static_cast<std::uint16_t>(ring.tail * 7 + 3);
  put_packet(ring, packet, request, offloads, meta);
  ring_tx(ring);
  run(us(50));
  const auto completion = poll(ring);
  ASSERT_TRUE(completion);
  EXPECT_EQ(completion->request, request);
  EXPECT_EQ(completion->status, 0);
  EXPECT_EQ(completion->head, static_cast<std::uint16_t>(ring.tail));
  EXPECT_FALSE(poll(ring));
}

std::size_t Machine::completions(TxRing& ring) {
  std::size_t count = 0;
  while (poll(ring)) ++count;
  return count;
}

// ---- RX

RxRing Machine::create_rx(unsigned index, const QueueOptions& options) {
  RxRing ring{.index = index, .entries = options.entries, .cq_bytes = options.cq_bytes ? options.cq_bytes : 16};
  ring.sq = allocate(std::uint64_t{ring.entries} * kDescriptor, 4096);
  ring.cq = allocate(std::uint64_t{ring.entries} * ring.cq_bytes, 4096);
  std::memset(&host.memory[ring.cq], 0, std::size_t{ring.entries} * ring.cq_bytes);
  const unsigned cq = 2 * index + 1;
  EXPECT_EQ(firmware.queue(Firmware::kCreateCq, cq,
                           {.base = ring.cq,
                            .entries = ring.entries,
                            .entry_bytes = ring.cq_bytes,
                            .interrupts = options.interrupts,
                            .vector = options.vector.value_or(index + 1)}),
            0u);
  EXPECT_EQ(firmware.queue(Firmware::kCreateRx, index, {.base = ring.sq, .entries = ring.entries, .cq = cq}), 0u);
  return ring;
}

void Machine::post_buffer(RxRing& ring, std::uint64_t address, std::uint16_t bytes, std::uint16_t request) {
  RxDescriptor entry{};
  entry.length = bytes;
  entry.flags = static_cast<std::uint8_t>(0x1c | ((ring.tail & ring.entries) == 0));
  entry.request = request;
  entry.address_low = static_cast<std::uint32_t>(address);
  entry.address_high = static_cast<std::uint16_t>(address >> 32);
  host.store(ring.sq + (ring.tail++ & (ring.entries - 1)) * sizeof entry, entry);
}

std::vector<std::uint64_t> Machine::fill(RxRing& ring, unsigned count, std::uint16_t bytes) {
  std::vector<std::uint64_t> addresses;
  for (unsigned i = 0; i < count; ++i) {
    addresses.push_back(allocate(bytes));
    post_buffer(ring, addresses.back(), bytes, static_cast<std::uint16_t>(100 + i));
  }
  ring_rx(ring);
  run(us(2));
  return addresses;
}

std::optional<RxCompletion> Machine::poll(RxRing& ring) {
  RxCompletion entry{};
  std::memcpy(&entry, &host.memory[ring.cq + (ring.head & (ring.entries - 1)) * ring.cq_bytes], ring.cq_bytes);
  if ((entry.status >> 24 & 1) != ((ring.head & ring.entries) == 0)) return std::nullopt;
  ++ring.head;
  return entry;
}

std::vector<unsigned> Machine::interrupts() const {
  std::vector<unsigned> vectors;
  for (const pcie::FakeHost::Write& write : host.writes)
    if (write.address >= kMessages && write.data.size() == 4) {
      const auto vector = static_cast<unsigned>((write.address - kMessages) / 4);
      EXPECT_EQ(write.as<std::uint32_t>(), vector + 1);
      vectors.push_back(vector);
    }
  return vectors;
}

Bytes pattern(std::size_t bytes, unsigned seed) {
  Bytes content(bytes);
  std::uint32_t value = seed * 2654435761u + 1;
  for (std::byte& each : content) {
    value = value * 1664525 + 1013904223;
    each = static_cast<std::byte>(value >> 24);
  }
  return content;
}

}  // namespace cardvp::nic::ena
