#include "host/vfio_user/offer.h"

namespace cardvp::host::vfio_user {

using boost::asio::local::stream_protocol;
using boost::system::error_code;

Offer::Offer(const Surroundings& surroundings, Router& router, const PciFunction& function, const std::string& name,
             const std::filesystem::path& path, const Terms& terms, const Counters& counters)
    : around_(surroundings),
      router_(router),
      name_(name),
      terms_(terms),
      counters_(counters),
      device_(surroundings.scheduler, function),
      socket_(std::make_unique<SocketFile>(surroundings.io, path)),
      self_(std::make_shared<Offer*>(this)),
      resetting_(surroundings.scheduler) {
  router_.assign(function.number(), *this);
  start_reset();
  around_.log.info("offered", {{"name", name_}, {"function", function.name()}});
}

Offer::~Offer() {
  *self_ = nullptr;
  session_.reset();
  if (!removed_) router_.release(function().number(), *this);
}

void Offer::start_reset() {
  ready_ = false;
  resetting_.cancel();
  resetting_.spawn(reset());
}

Task<> Offer::reset() {
  co_await device_.reset();
  ready_ = true;
  around_.answered();
}

// --- Clients ---------------------------------------------------------------------------------------------------------

bool Offer::look() {
  if (session_ && (!session_->alive() || next_)) end_session();
  if (removed_) return session_ != nullptr;
  if (withdrawn()) return !ready_;
  if (ready_ && next_) begin();
  if (ready_) accept();
  return true;
}

void Offer::withdraw() {
  socket_.reset();
  next_.reset();
  if (session_) {
    session_->connection().refuse("its function was withdrawn");
    end_session();
  } else {
    start_reset();
  }
}

// Not again in its own handler: an error that stays would be an endless loop.
void Offer::accept() {
  if (accepting_) return;
  accepting_ = true;
  socket_->acceptor().async_accept([self = self_](error_code error, stream_protocol::socket socket) {
    if (!*self) return;
    (*self)->accepting_ = false;
    if (!error) (*self)->accepted(std::move(socket));
  });
}

// One that comes when the one before has gone, but what it sent is still being read, or while the function is reset,
// has its turn. So a guest can be started anew at once.
void Offer::accepted(stream_protocol::socket socket) {
  if (withdrawn() || next_ || (session_ && !session_->connection().peer_gone()))
    return around_.log.info("client turned away: there is one already", {{"name", name_}});
  next_ = std::move(socket);
  if (ready_ && !session_) begin();
}

void Offer::begin() {
  around_.log.info("client", {{"name", name_}});
  counters_.clients.add();
  auto connection = std::make_shared<Connection>(std::move(*next_), around_.unsent);
  next_.reset();
  session_ = std::make_unique<Session>(around_.scheduler, device_, std::move(connection), terms_, counters_,
                                       around_.waits, around_.answered);
  session_->alive();
}

// First nobody answers the function's requests any more, then it is reset, and only then is there a next client.
void Offer::end_session() {
  const std::string why = session_->connection().why();
  if (why.empty()) {
    around_.log.info("client left", {{"name", name_}});
  } else {
    counters_.clients_closed.add();
    around_.log.warning("client closed", {{"name", name_}, {"reason", why}});
  }
  session_.reset();
  if (!removed_) start_reset();
}

// --- The function's requests -----------------------------------------------------------------------------------------

std::byte* Offer::direct(std::uint64_t address, std::size_t size, bool write) {
  return session_ ? session_->dma().direct(address, size, write) : nullptr;
}

void Offer::write(std::uint64_t address, std::span<const std::byte> data) {
  if (session_) return session_->write(address, data);
  counters_.dma_faults.add();
}

void Offer::read(DmaRead& read) {
  if (session_) return session_->dma().read(read);
  counters_.dma_faults.add();
  read.complete(DmaStatus::kUnsupportedRequest);
}

void Offer::abandon(DmaRead& read) {
  if (session_) session_->dma().abandon(read);
}

void Offer::removed() {
  removed_ = true;
  socket_.reset();
  next_.reset();
  device_.vanish();
  resetting_.cancel();
  ready_ = true;  // nobody waits for it
  if (!session_) return;
  session_->dma().fail_reads();
  around_.log.info("the function has gone, its client has not", {{"name", name_}});
}

}  // namespace cardvp::host::vfio_user
