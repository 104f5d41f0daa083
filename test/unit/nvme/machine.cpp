#include "test/unit/nvme/machine.h"

#include <cstring>

namespace cardvp::nvme {

namespace mbox = mailbox_regs;
namespace control = control_regs;
namespace hreg = host_regs;

bool CardRam::access(const BusAccess& access) {
  if (access.offset > bytes.size() || access.size > bytes.size() - access.offset) return false;
  if (access.write)
    std::memcpy(&bytes[access.offset], access.data, access.size);
  else
    std::memcpy(access.data, &bytes[access.offset], access.size);
  return true;
}

bool Core::access(bool write, std::uint64_t address, void* data, unsigned size, sc_core::sc_time ahead) {
  tlm::tlm_generic_payload payload;
  payload.set_command(write ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND);
  payload.set_address(address);
  payload.set_data_ptr(static_cast<unsigned char*>(data));
  payload.set_data_length(size);
  payload.set_streaming_width(size);
  socket->b_transport(payload, ahead);
  return payload.is_response_ok();
}

std::uint64_t Core::read(std::uint64_t address, unsigned size) {
  std::uint64_t value = 0;
  EXPECT_TRUE(access(false, address, &value, size)) << hex(address);
  return value;
}

void Core::write(std::uint64_t address, std::uint64_t value, unsigned size, sc_core::sc_time ahead) {
  EXPECT_TRUE(access(true, address, &value, size, ahead)) << hex(address);
}

// ---- Firmware

namespace {
constexpr std::uint64_t kChannel = memory::kNvmeChannel * 0x1000;
}

Firmware::Firmware(Sim& sim, memory::Mailbox& mailbox, Engine& engine)
    : page("firmware_engine", engine),
      mailbox_("firmware_mailbox", mailbox),
      wake_(sim.scheduler),
      tasks_(sim.scheduler) {
  mailbox.interrupt.connect([this](bool) { wake_.notify(); });
  mailbox_.write(kChannel + mbox::offset::INTERRUPT, 1);
  tasks_.spawn(run());
}

Task<> Firmware::run() {
  while (true) {
    while (silent || mailbox_.read(kChannel + mbox::offset::RX_STATUS) == 0) co_await wake_;
    nvme_message_admin message{};
    for (unsigned at = 0; at < sizeof message; at += 4) {
      const auto word = static_cast<std::uint32_t>(mailbox_.read(kChannel + mbox::offset::RX_DATA + at));
      std::memcpy(reinterpret_cast<char*>(&message) + at, &word, 4);
    }
    mailbox_.write(kChannel + mbox::offset::RX_POP, 1);
    if (message.header.type == NVME_MESSAGE_EVENT) {
      handle_event();
    } else if (message.header.type == NVME_MESSAGE_FETCHED) {
      nvme_message_fetched answer;
      std::memcpy(&answer, &message, sizeof answer);
      fetched.push_back(answer);
    } else {
      EXPECT_EQ(message.header.type, NVME_MESSAGE_ADMIN);
      commands.push_back(message);
      if (on_admin)
        on_admin(message);
      else
        complete(message.header);
    }
  }
}

void Firmware::handle_event() {
  const auto seen = static_cast<std::uint32_t>(page.read(control::offset::EVENTS));
  events.push_back(seen);
  page.write(control::offset::EVENTS, seen);
  if (control::EVENTS_DISABLE.of(seen) || control::EVENTS_RESET.of(seen)) page.write(control::offset::STATUS, 0);
  if (control::EVENTS_ENABLE.of(seen) && enables) page.write(control::offset::STATUS, 1);
  if (control::EVENTS_SHUTDOWN.of(seen))
    page.write(control::offset::STATUS, page.read(control::offset::STATUS) | control::STATUS_SHST.in(2));
}

void Firmware::send_bytes(std::span<const std::byte> message) {
  for (unsigned at = 0; at < message.size(); at += 4) {
    std::uint32_t word = 0;
    std::memcpy(&word, &message[at], 4);
    mailbox_.write(kChannel + mbox::offset::TX_DATA + at, word);
  }
  mailbox_.write(kChannel + mbox::offset::TX_SEND, 1);
}

void Firmware::complete(const nvme_message_header& header, Status status, std::uint32_t dw0, std::uint64_t data_address,
                        std::uint32_t data_size) {
  send(nvme_message_complete{.header = {NVME_MESSAGE_COMPLETE, header.function, header.tag},
                             .dw0 = dw0,
                             .status = status,
                             .reserved = 0,
                             .data_address = data_address,
                             .data_size = data_size,
                             .reserved2 = 0});
}

void Firmware::fetch(const nvme_message_header& header, std::uint64_t address, std::uint32_t size) {
  send(nvme_message_fetch{
      .header = {NVME_MESSAGE_FETCH, header.function, header.tag}, .address = address, .size = size, .reserved = 0});
}

std::uint64_t Firmware::queue(unsigned operation, unsigned id, std::uint64_t base, std::uint32_t entries, unsigned link,
                              bool interrupts) {
  page.write(control::offset::QUEUE_BASE, base, 8);
  page.write(control::offset::QUEUE_SHAPE,
             control::QUEUE_SHAPE_ENTRIES.in(entries) | control::QUEUE_SHAPE_INTERRUPTS.in(interrupts));
  page.write(control::offset::QUEUE_LINK,
             operation == 1 ? control::QUEUE_LINK_CQ.in(link) : control::QUEUE_LINK_VECTOR.in(link));
  page.write(control::offset::QUEUE_COMMAND,
             control::QUEUE_COMMAND_ID.in(id) | control::QUEUE_COMMAND_OPERATION.in(operation));
  return page.read(control::offset::QUEUE_RESULT);
}

bool Firmware::abort(unsigned sq, unsigned cid) {
  page.write(control::offset::ABORT, control::ABORT_SQ.in(sq) | control::ABORT_CID.in(cid));
  return page.read(control::offset::ABORT_RESULT) == 1;
}

// ---- Machine

Machine::Machine(const MachineConfig& machine, std::unique_ptr<storage::Medium> medium)
    : link("link", sim, {}),
      engine("nvme", sim, mailbox.channel(memory::kNvmeChannel), machine.has_cipher ? &cipher : nullptr),
      volume("volume", sim, machine.volume, std::move(medium)),
      config(machine) {
  link.connect(host);
  engine.card.bind(ram.socket);
  engine.add(config.controller, link, endpoint, volume);
}

void Machine::plug() {
  endpoint_core.write(0x1000, 1);  // function 0: CONTROL.PRESENT
  endpoint_core.write(0x0000, 1);  // link: CONTROL.ENABLE
  sc_core::sc_start(link.config().training + us(1));
  ASSERT_TRUE(link.up());
  sc_core::sc_start(us(1));
  configure();
  firmware.events.clear();
}

void Machine::configure() {
  config_write(0x10, 4, static_cast<std::uint32_t>(kBar));
  config_write(0x14, 4, 0);
  set_bus_master(true);
  config_write(0x92, 2, 0x8000);  // MSI-X enable
  const std::uint64_t table = function_config(config.controller).msix_table;
  for (unsigned vector = 0; vector <= config.controller.queues; ++vector) {
    set_reg(table + vector * 16, kMessages + vector * 4, 8);
    set_reg(table + vector * 16 + 8, vector + 1);
    set_reg(table + vector * 16 + 12, 0);
  }
}

void Machine::set_reg(std::uint64_t offset, std::uint64_t value, unsigned size) {
  std::array<std::byte, 8> bytes;
  std::memcpy(bytes.data(), &value, sizeof value);
  endpoint.memory_write(kBar + offset, std::span(bytes).first(size));
}

void Machine::enable(std::uint32_t entries) {
  admin = {.id = 0, .entries = entries, .sq = 0x10000, .cq = 0x20000};
  std::memset(&host.memory[admin.cq], 0, entries * 16);
  set_reg(hreg::offset::AQA, (entries - 1) | (entries - 1) << 16);
  set_reg(hreg::offset::ASQ, admin.sq, 8);
  set_reg(hreg::offset::ACQ, admin.cq, 8);
  set_reg(hreg::offset::CC, 0x00460001);
  sc_core::sc_start(us(1));
  ASSERT_EQ(hreg::CSTS_RDY.of(reg(hreg::offset::CSTS)), 1u);
}

HostQueue Machine::create(unsigned id, std::uint32_t entries, bool interrupts) {
  HostQueue queue{.id = id, .entries = entries, .sq = 0x100000 + id * 0x20000, .cq = 0x110000 + id * 0x20000};
  std::memset(&host.memory[queue.cq], 0, entries * 16);
  EXPECT_EQ(firmware.queue(2, id, queue.cq, entries, id, interrupts), 0u);
  EXPECT_EQ(firmware.queue(1, id, queue.sq, entries, id), 0u);
  return queue;
}

void Machine::put(HostQueue& queue, const SubmissionEntry& entry) {
  host.store(queue.sq + queue.tail * sizeof entry, entry);
  queue.tail = (queue.tail + 1) % queue.entries;
}

std::optional<CompletionEntry> Machine::poll(HostQueue& queue, bool ring) {
  const auto entry = host.load<CompletionEntry>(queue.cq + queue.head * sizeof(CompletionEntry));
  if ((entry.status_and_phase & 1) != queue.phase) return std::nullopt;
  if (++queue.head == queue.entries) {
    queue.head = 0;
    queue.phase = !queue.phase;
  }
  if (ring) ring_head(queue.id, queue.head);
  return entry;
}

CompletionEntry Machine::wait(HostQueue& queue) {
  for (int i = 0; i < 1000; ++i) {
    if (const auto entry = poll(queue)) return *entry;
    sc_core::sc_start(us(1));
  }
  ADD_FAILURE() << "no completion";
  return {};
}

SubmissionEntry Machine::command(Opcode opcode, std::uint64_t lba, std::uint32_t blocks, std::uint64_t prp1,
                                 std::uint64_t prp2, std::uint16_t cid) {
  SubmissionEntry entry{};
  entry.opcode = static_cast<std::uint8_t>(opcode);
  entry.cid = cid;
  entry.nsid = 1;
  entry.prp1 = prp1;
  entry.prp2 = prp2;
  entry.dw10 = static_cast<std::uint32_t>(lba);
  entry.dw11 = static_cast<std::uint32_t>(lba >> 32);
  entry.dw12 = blocks - 1;
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

}  // namespace cardvp::nvme
