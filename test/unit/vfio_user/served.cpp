#include "test/unit/vfio_user/served.h"

#include <unistd.h>

#include "models/pcie/registers.h"

namespace cardvp::host::vfio_user::test {

Served::Served(const ServerConfig& config, unsigned virtuals) {
  std::string name = (std::filesystem::temp_directory_path() / "vfio-user-XXXXXX").string();
  folder = ::mkdtemp(name.data());
  core.socket.bind(endpoint.socket);
  add(0);
  add(1);
  for (unsigned i = 0; i < virtuals; ++i) add(static_cast<std::uint8_t>(16 + i), 0);
  server = std::make_unique<Server>("vfio_user", sim, folder, config);
}

void Served::add(std::uint8_t number, std::optional<std::uint8_t> physical) {
  pcie::FunctionConfig config;
  config.bars = {{0, kBar0, false}, {2, kBar2, true}};
  config.msix_vectors = kVectors;
  config.msix_table = kTable;
  config.msix_pending = kPending;
  config.physical = physical;
  engines.push_back(std::make_unique<Engine>(sim.scheduler));
  functions.push_back(std::make_unique<pcie::Function>(fmt::format("fn{}", number).c_str(), sim, link, number, config));
  pcie::Function& function = *functions.back();
  function.connect(*engines.back());
  endpoint.add(function);
  function.control().write(pcie::function_regs::offset::IDENTITY, 4, kId);
  function.control().write(pcie::function_regs::offset::CLASS, 4, kClass);
  function.set_present(true);
}

void Served::SetUp() {
  link_up();
  found = result(root.enumerate());
  ASSERT_EQ(found.size(), 2u);
  server->offer(found[0], "fn0");
  server->offer(found[1], "fn1");
  ASSERT_TRUE(until([&] { return !server->waiting(); }));
  for (auto& engine : engines) engine->resets = 0;
}

void Served::TearDown() {
  client.close();
  server.reset();
  std::filesystem::remove_all(folder);
}

void Served::step(sc_core::sc_time slice) {
  server->poll();
  sc_core::sc_start(slice);
  if (sim.scheduler.failure()) std::rethrow_exception(sim.scheduler.failure());
}

bool Served::until(const std::function<bool()>& done, unsigned most) {
  for (; most > 0; --most) {
    if (done()) return true;
    step();
  }
  return done();
}

Bytes Served::qemu_version() {
  return Bytes().u16(0).u16(0).text(
      R"({"capabilities": {"pgsizes": 4096, "max_msg_fds": 16, "max_dma_maps": 65535, )"
      R"("max_data_xfer_size": 1048576, "migration": {"max_bitmap_size": 268435456, "pgsize": 4096}, )"
      R"("write_multiple": true}})");
}

void Served::connect(Client& to, const std::string& name) {
  ASSERT_TRUE(to.connect(path(name)));
  ASSERT_FALSE(call(to, kVersion, qemu_version()).is_error());
}

Received Served::call(Client& on, std::uint16_t command, std::span<const std::byte> payload,
                      std::span<const int> files) {
  const std::uint16_t id = on.send(command, payload, 0, files);
  std::optional<Received> reply;
  until([&] { return (reply = on.receive()) || on.closed(); });
  EXPECT_TRUE(reply) << "no answer to command " << command;
  if (!reply) return {};
  EXPECT_EQ(reply->id, id);
  EXPECT_EQ(reply->command, command);
  EXPECT_EQ(reply->flags & 0xf, kReplyFlag);
  EXPECT_EQ(reply->is_error(), reply->error != 0);
  EXPECT_TRUE(!reply->is_error() || reply->size == 16u);
  return *reply;
}

Received Served::demand(Client& on) {
  std::optional<Received> message;
  until([&] { return (message = on.receive()) || on.closed(); });
  EXPECT_TRUE(message) << "the server asks for nothing";
  if (!message) return {};
  EXPECT_EQ(message->flags, 0u);
  return *message;
}

std::uint64_t Served::read(std::uint32_t region, std::uint64_t offset, std::uint32_t count) {
  const Received reply = call(kRegionRead, access(offset, region, count));
  EXPECT_FALSE(reply.is_error());
  EXPECT_EQ(reply.payload.size(), 16u + count);
  EXPECT_EQ(reply.u64(0), offset);
  EXPECT_EQ(reply.u32(8), region);
  EXPECT_EQ(reply.u32(12), count);
  std::uint64_t value = 0;
  if (reply.payload.size() == 16u + count) std::memcpy(&value, &reply.payload[16], std::min(count, 8u));
  return value;
}

void Served::write(std::uint32_t region, std::uint64_t offset, std::uint64_t value, std::uint32_t count) {
  const auto data = Bytes().u64(value);
  const Received reply = call(kRegionWrite, access(offset, region, count).raw(std::span(data.get()).first(count)));
  EXPECT_FALSE(reply.is_error());
}

void Served::post(std::uint32_t region, std::uint64_t offset, std::uint64_t value, std::uint32_t count) {
  const auto data = Bytes().u64(value);
  const Bytes message = Client::header(0, kRegionWrite, 32 + count, kNoReply)
                            .raw(access(offset, region, count))
                            .raw(std::span(data.get()).first(count));
  EXPECT_TRUE(until([&] { return client.send_raw(message); }));
}

std::uint32_t Served::map(std::uint64_t address, std::uint64_t size, const File* file, std::uint64_t offset,
                          std::uint32_t flags) {
  const int fd = file ? file->get() : -1;
  return error_of(kDmaMap, map_request(address, size, offset, flags), std::span(&fd, file ? 1 : 0));
}

std::uint32_t Served::unmap(std::uint64_t address, std::uint64_t size, std::uint32_t flags) {
  return error_of(kDmaUnmap, Bytes().u32(24).u32(flags).u64(address).u64(size));
}

std::uint32_t Served::set_irqs(std::uint32_t index, std::uint32_t flags, std::uint32_t start, std::uint32_t count,
                               const std::vector<const File*>& files) {
  std::vector<int> numbers;
  for (const File* file : files) numbers.push_back(file->get());
  return error_of(kSetIrqs, Bytes().u32(20).u32(flags).u32(index).u32(start).u32(count), numbers);
}

std::shared_ptr<Served::Read> Served::start_read(std::uint64_t address, std::uint32_t size, unsigned function) {
  auto read = std::make_shared<Read>();
  read->bytes.resize(size);
  engines[function]->tasks.spawn([](DmaPort& port, DmaSegment from, std::shared_ptr<Read> to) -> Task<> {
    to->status = co_await port.read(from, to->bytes.data());
  }(*functions[function], DmaSegment{address, size}, read));
  return read;
}

std::shared_ptr<Served::Read> Served::finish_read(std::uint64_t address, std::uint32_t size) {
  auto read = start_read(address, size);
  EXPECT_TRUE(until([&] { return read->status.has_value(); }));
  return read;
}

bool Served::dma_write(std::uint64_t address, std::uint64_t value, unsigned function) {
  return functions[function]->write(address, std::as_bytes(std::span(&value, 1)));
}

std::set<int> Served::open_files() {
  std::set<int> files;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    const int fd = std::stoi(entry.path().filename().string());
    if (std::filesystem::exists(std::filesystem::symlink_status(entry.path()))) files.insert(fd);
  }
  return files;
}

}  // namespace cardvp::host::vfio_user::test
