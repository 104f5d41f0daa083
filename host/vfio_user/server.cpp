#include "host/vfio_user/server.h"

#include <algorithm>
#include <map>
#include <stdexcept>
#include <thread>
#include <vector>

#include <boost/asio/steady_timer.hpp>

#include "host/pci_config.h"
#include "host/root_complex.h"
#include "host/vfio_user/offer.h"

namespace cardvp::host::vfio_user {

namespace {

bool fits(const DoorbellArea& area, const PciFunction& function) {
  if (area.bar >= function.bars.size() || area.offset % 4096 != 0 || area.size % 4096 != 0 || area.size == 0)
    return false;
  const std::uint64_t end = area.offset + area.size;
  if (end < area.offset || end > function.bars[area.bar].size) return false;
  const auto apart = [&](unsigned bar, std::uint64_t from, std::uint64_t size) {
    return bar != area.bar || from >= end || from + size <= area.offset;
  };
  const auto& msix = function.msix;
  return !msix || (apart(msix->table_bar, msix->table, std::uint64_t{msix->vectors} * pci::kMsixEntry) &&
                   apart(msix->pending_bar, msix->pending, (msix->vectors + 63) / 64 * 8));
}

}  // namespace

struct Server::Port {
  Port(const std::filesystem::path& where, const ServerConfig& how) : folder(where), config(how) {}

  // The context for one look.
  boost::asio::io_context& ready() {
    waits.look();
    std::erase_if(offers, [](const auto& offer) { return !offer->look(); });
    io.restart();
    return io;
  }
  bool waiting() const {
    return std::any_of(offers.begin(), offers.end(), [](const auto& offer) { return offer->waiting(); });
  }
  Offer* find(const PciFunction& function) const {
    const auto found = std::find_if(offers.begin(), offers.end(), [&](const auto& offer) {
      return !offer->gone() && &offer->function().root() == &function.root() && offer->function().bdf == function.bdf;
    });
    return found == offers.end() ? nullptr : found->get();
  }
  bool has_doorbells() const {
    return std::any_of(offers.begin(), offers.end(), [](const auto& offer) { return offer->has_doorbells(); });
  }
  bool holding() const {
    return std::any_of(offers.begin(), offers.end(), [](const auto& offer) { return offer->holding(); });
  }
  // Until a client does something. By a timer of its own: the context's waits are in whole milliseconds.
  void sleep(std::chrono::microseconds longest) {
    ready();
    timer.expires_after(longest);
    timer.async_wait([](const boost::system::error_code&) {});
    io.run_one();
    timer.cancel();
  }
  void answered() {
    if (notify && !waiting()) notify();
  }

  const std::filesystem::path folder;
  const ServerConfig config;
  std::function<void()> notify;
  boost::asio::io_context io{1};
  boost::asio::steady_timer timer{io};
  Waits waits;
  std::map<RootComplex*, std::unique_ptr<Router>> routers;
  std::vector<std::unique_ptr<Offer>> offers;
};

Server::Server(sc_core::sc_module_name name, Sim& sim, const std::filesystem::path& folder, const ServerConfig& config)
    : Model(name, sim),
      commands_(counter("commands", "messages")),
      doorbells_(counter("doorbells", "writes")),
      port_(std::make_unique<Port>(folder, config)) {
  std::error_code error;
  if (std::filesystem::create_directories(folder, error))
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
  if (error || !std::filesystem::is_directory(folder))
    throw std::runtime_error(fmt::format("folder {} for sockets: {}; choose another one", folder.string(),
                                         error ? error.message() : "it is no folder"));
}

Server::~Server() = default;

void Server::offer(const PciFunction& function, const std::string& name, const std::optional<DoorbellArea>& doorbells) {
  if (doorbells && !fits(*doorbells, function))
    throw std::invalid_argument(fmt::format("doorbells of {}: not pages of their own", function.name()));
  if (Offer* const before = port_->find(function)) {
    if (!before->withdrawn())
      throw std::runtime_error(fmt::format("function {} is offered already; withdraw it first", function.name()));
    std::erase_if(port_->offers, [before](const auto& offer) { return offer.get() == before; });
  }
  std::unique_ptr<Router>& router = port_->routers[&function.root()];
  if (!router) router = std::make_unique<Router>(function.root());
  const auto count = [&](const char* what, const char* unit) -> Counter& { return counter(name + "." + what, unit); };
  const Counters counters{.all_commands = commands_,
                          .commands = count("commands", "messages"),
                          .refused = count("refused", "messages"),
                          .all_doorbells = doorbells_,
                          .doorbells = count("doorbells", "writes"),
                          .clients = count("clients", "clients"),
                          .clients_closed = count("clients_closed", "clients"),
                          .dma_faults = count("dma_faults", "requests"),
                          .interrupts = count("interrupts", "interrupts"),
                          .interrupts_dropped = count("interrupts_dropped", "interrupts")};
  const Offer::Surroundings around{scheduler(),          log_,         port_->io,
                                   port_->config.unsent, port_->waits, [port = port_.get()] { port->answered(); }};
  port_->offers.push_back(std::make_unique<Offer>(around, *router, function, name, port_->folder / (name + ".sock"),
                                                  Terms{doorbells, port_->config.interrupt_gap}, counters));
}

void Server::withdraw(const PciFunction& function) {
  if (Offer* const found = port_->find(function)) found->withdraw();
}

void Server::poll() { port_->ready().poll(); }

void Server::wait(std::chrono::microseconds longest) {
  if (!port_->has_doorbells() && !port_->holding()) {
    port_->sleep(longest);
    return poll();
  }
  using Clock = std::chrono::steady_clock;
  const Clock::time_point end = Clock::now() + longest;
  for (Clock::time_point now = Clock::now();; now = Clock::now()) {
    poll();
    if (demands() != seen_) {
      seen_ = demands();
      seen_at_ = now;
      return;
    }
    if (waiting() || now >= end) return;
    const auto quiet = now - seen_at_;
    if (quiet < port_->config.spin || port_->holding()) {
      std::this_thread::yield();
      continue;
    }
    port_->sleep(
        std::chrono::duration_cast<std::chrono::microseconds>(std::min<Clock::duration>(quiet / 4, end - now)));
  }
}

bool Server::waiting() const { return port_->waiting(); }
void Server::on_answered(std::function<void()> notify) { port_->notify = std::move(notify); }

std::chrono::nanoseconds Server::longest_wait() const { return port_->waits.longest; }

std::size_t Server::clients() const {
  return static_cast<std::size_t>(
      std::count_if(port_->offers.begin(), port_->offers.end(), [](const auto& offer) { return offer->has_client(); }));
}

}  // namespace cardvp::host::vfio_user
