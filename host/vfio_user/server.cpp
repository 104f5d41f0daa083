#include "host/vfio_user/server.h"

#include <algorithm>
#include <map>
#include <stdexcept>
#include <vector>

#include "host/root_complex.h"
#include "host/vfio_user/offer.h"

namespace cardvp::host::vfio_user {

struct Server::Port {
  Port(const std::filesystem::path& where, const ServerConfig& how) : folder(where), config(how) {}

  // The context for one look.
  boost::asio::io_context& ready() {
    std::erase_if(offers, [](const auto& offer) { return !offer->look(); });
    io.restart();
    return io;
  }
  bool waiting() const {
    return std::any_of(offers.begin(), offers.end(), [](const auto& offer) { return offer->waiting(); });
  }
  Offer* find(const PciFunction& function) const {
    const auto found = std::find_if(offers.begin(), offers.end(), [&](const auto& offer) {
      return &offer->function().root() == &function.root() && offer->function().bdf == function.bdf;
    });
    return found == offers.end() ? nullptr : found->get();
  }
  void answered() {
    if (notify && !waiting()) notify();
  }

  const std::filesystem::path folder;
  const ServerConfig config;
  std::function<void()> notify;
  boost::asio::io_context io{1};
  std::map<RootComplex*, std::unique_ptr<Router>> routers;
  std::vector<std::unique_ptr<Offer>> offers;
};

Server::Server(sc_core::sc_module_name name, Sim& sim, const std::filesystem::path& folder, const ServerConfig& config)
    : Model(name, sim), commands_(counter("commands", "messages")), port_(std::make_unique<Port>(folder, config)) {
  std::error_code error;
  if (std::filesystem::create_directories(folder, error))
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
  if (error || !std::filesystem::is_directory(folder))
    throw std::runtime_error(fmt::format("folder {} for sockets: {}; choose another one", folder.string(),
                                         error ? error.message() : "it is no folder"));
}

Server::~Server() = default;

void Server::offer(const PciFunction& function, const std::string& name) {
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
                          .clients = count("clients", "clients"),
                          .clients_closed = count("clients_closed", "clients"),
                          .dma_faults = count("dma_faults", "requests"),
                          .interrupts = count("interrupts", "interrupts"),
                          .interrupts_dropped = count("interrupts_dropped", "interrupts")};
  const Offer::Surroundings around{scheduler(), log_, port_->io, port_->config.unsent,
                                   [port = port_.get()] { port->answered(); }};
  port_->offers.push_back(
      std::make_unique<Offer>(around, *router, function, name, port_->folder / (name + ".sock"), counters));
}

void Server::withdraw(const PciFunction& function) {
  if (Offer* const found = port_->find(function)) found->withdraw();
}

void Server::poll() { port_->ready().poll(); }

void Server::wait(std::chrono::microseconds longest) {
  port_->ready().run_one_for(longest);
  poll();
}

bool Server::waiting() const { return port_->waiting(); }
void Server::on_answered(std::function<void()> notify) { port_->notify = std::move(notify); }
std::uint64_t Server::commands() const { return commands_.value(); }

std::size_t Server::clients() const {
  return static_cast<std::size_t>(
      std::count_if(port_->offers.begin(), port_->offers.end(), [](const auto& offer) { return offer->has_client(); }));
}

}  // namespace cardvp::host::vfio_user
